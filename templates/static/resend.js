/* Counts down on the button that asks for another text; without script the page says when it was too early. */
(function () {
  "use strict";
  document.querySelectorAll("[data-wait]").forEach(function (button) {
    var words = button.textContent;
    var ready = Date.now() + Number(button.dataset.wait) * 1000;
    function count() {
      var left = Math.ceil((ready - Date.now()) / 1000);
      button.disabled = left > 0;
      button.textContent = left > 0 ? button.dataset.waiting.replace("{seconds}", left) : words;
      if (left > 0) {
        window.setTimeout(count, 250);
      }
    }
    count();
  });
})();
