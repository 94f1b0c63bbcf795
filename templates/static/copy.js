/* Puts a Copy button behind each text marked as copyable, where the browser allows copying. */
(function () {
  "use strict";
  var words = document.currentScript.dataset;
  if (!navigator.clipboard) {
    return;
  }
  document.querySelectorAll(".copyable").forEach(function (text) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = words.copy;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(text.textContent).then(function () {
        button.textContent = words.copied;
        window.setTimeout(function () {
          button.textContent = words.copy;
        }, 2000);
      });
    });
    var block = text.closest("pre");
    (block || text).insertAdjacentElement(block ? "beforebegin" : "afterend", button);
  });
})();
