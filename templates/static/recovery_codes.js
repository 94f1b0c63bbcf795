/* Copies, prints and downloads the recovery codes; without script its buttons stay hidden. Nothing is sent anywhere. */
(function () {
  "use strict";
  var tools = document.querySelector("[data-codes]");
  var list = document.getElementById(tools.dataset.codes);

  function lines() {
    return Array.from(list.querySelectorAll("code"), function (code) {
      return code.textContent;
    });
  }

  function copy(button) {
    navigator.clipboard.writeText(lines().join("\n")).then(function () {
      var words = button.textContent;
      button.textContent = button.dataset.done;
      window.setTimeout(function () {
        button.textContent = words;
      }, 2000);
    });
  }

  function download() {
    var link = document.createElement("a");
    var text = [list.dataset.title, ""].concat(lines(), "").join("\r\n");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    link.download = list.dataset.file;
    link.click();
    window.setTimeout(URL.revokeObjectURL, 10000, link.href);
  }

  var acts = {
    copy: copy,
    download: download,
    print: function () {
      window.print();
    }
  };
  tools.querySelectorAll("[data-act]").forEach(function (button) {
    button.hidden = button.dataset.act === "copy" && !navigator.clipboard;
    button.addEventListener("click", function () {
      acts[button.dataset.act](button);
    });
  });
  tools.hidden = false;
})();
