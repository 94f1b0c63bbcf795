/* Holds a second press back while the first is on its way: a double click would ask for what has just been done. */
(function () {
  "use strict";
  var PATIENCE = 5000; // milliseconds; whoever still waits then may press again
  Array.prototype.forEach.call(document.querySelectorAll("form[method=post]"), function (form) {
    var sentAt = -PATIENCE;
    form.addEventListener("submit", function (event) {
      if (event.timeStamp - sentAt < PATIENCE) {
        event.preventDefault();
      } else {
        sentAt = event.timeStamp;
      }
    });
  });
})();
