/* Moves the focus to what went wrong, so that a screen reader starts there. */
(function () {
  "use strict";
  var summary = document.getElementById("error-summary");
  if (summary) {
    summary.focus();
  }
})();
