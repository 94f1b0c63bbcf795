/* Sends the answer to the app at once; without script the Continue button does. */
(function () {
  "use strict";
  document.getElementById("form-post").submit();
})();
