/* Gives the page, which answered a form, the address at which it can be looked at again: reloading it sends nothing. */
(function () {
  "use strict";
  var script = document.currentScript;
  history.replaceState(null, "", script.getAttribute("data-address"));
})();
