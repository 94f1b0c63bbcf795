/* Says how strong a new password is while it is typed, in the words of the page's own address; without script the page says so when a password is refused. */
(function () {
  "use strict";
  var PAUSE = 600; // milliseconds without a key
  if (!window.fetch || !window.URLSearchParams || !window.AbortController) {
    return;
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-strength-of]"), function (place) {
    var field = document.getElementById(place.getAttribute("data-strength-of"));
    var timer, asked, over;
    function say(words) {
      // What is said already is not said again to those who listen.
      if (place.textContent !== words) {
        place.textContent = words;
      }
    }
    function ask() {
      var question = new URLSearchParams();
      question.set("action", "strength");
      question.set("form_token", field.form.elements.form_token.value);
      question.set(field.name, field.value);
      asked = new AbortController();
      window
        .fetch(field.form.getAttribute("action"), {
          method: "POST",
          body: question,
          credentials: "same-origin",
          redirect: "error",
          cache: "no-store",
          signal: asked.signal
        })
        .then(function (answer) {
          if (!answer.ok || (answer.headers.get("Content-Type") || "").indexOf("text/plain") !== 0) {
            over = true; // the page is: sending it will say why
            return "";
          }
          return answer.text();
        })
        .then(say)
        .catch(function () {});
    }
    field.addEventListener("input", function () {
      window.clearTimeout(timer);
      if (asked) {
        asked.abort();
      }
      if (!field.value || over) {
        say("");
      } else {
        timer = window.setTimeout(ask, PAUSE);
      }
    });
    field.form.addEventListener("submit", function () {
      window.clearTimeout(timer);
    });
  });
})();
