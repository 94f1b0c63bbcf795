/* Shows or hides what was typed into a password field; without script its button stays hidden. */
(function () {
  "use strict";
  Array.prototype.forEach.call(document.querySelectorAll("[data-reveals]"), function (button) {
    var field = document.getElementById(button.getAttribute("data-reveals"));
    function show(shown) {
      field.type = shown ? "text" : "password";
      button.textContent = button.getAttribute(shown ? "data-hide" : "data-show");
      button.setAttribute("aria-label", button.getAttribute(shown ? "data-hide-label" : "data-show-label"));
    }
    button.addEventListener("click", function () {
      show(field.type === "password");
      field.focus();
    });
    // Sent as a password field, so that no browser keeps it among the texts that it suggests.
    field.form.addEventListener("submit", function () {
      show(false);
    });
    show(false);
    button.hidden = false;
  });
})();
