/* Moves the focus to what went wrong, so that a screen reader starts there. The page answered a form: reloading it, or
   coming back to it, asks for it anew instead of warning that the form would be sent once more. */
(function () {
  "use strict";
  var summary = document.getElementById("error-summary");
  if (summary) {
    summary.focus();
    history.replaceState(null, "", location.href);
  }
})();
