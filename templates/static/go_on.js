/* Goes on to where the person is expected as soon as the frames of the page are loaded, or hang for too long. */
(function () {
  "use strict";
  var PATIENCE = 5000; // milliseconds
  var link = document.querySelector("a[data-go-on]");
  var gone = false;
  function goOn() {
    if (link && !gone) {
      gone = true;
      window.location.replace(link.href);
    }
  }
  window.addEventListener("load", goOn);
  window.setTimeout(goOn, PATIENCE);
})();
