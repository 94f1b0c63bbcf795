/* Puts a Copy button behind each text marked as copyable, where the browser allows copying. */
(function () {
  "use strict";
  var words = document.currentScript.dataset;
  if (!navigator.clipboard) {
    return;
  }
  function name(text) {
    var block = text.closest("pre");
    return block ? document.getElementById(block.getAttribute("aria-labelledby")).textContent : text.textContent;
  }
  document.querySelectorAll(".copyable").forEach(function (text) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    function say(word) {
      button.textContent = word;
      button.setAttribute("aria-label", word + ": " + name(text));
    }
    say(words.copy);
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(text.textContent).then(function () {
        say(words.copied);
        window.setTimeout(say, 2000, words.copy);
      });
    });
    var block = text.closest("pre");
    (block || text).insertAdjacentElement(block ? "beforebegin" : "afterend", button);
  });
})();
