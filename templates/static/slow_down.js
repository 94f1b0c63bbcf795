// The work of /slow-down: for each of a few searches, the first number whose SHA-256 begins with enough zero bits.
// It runs in slices of a few milliseconds, so that the page stays alive, and sends the form by itself when it is done.
(function () {
  "use strict";

  var SLICE = 25;
  var K = [];
  var H = [];

  (function constants() {
    for (var n = 2; K.length < 64; n += 1) {
      for (var d = 2; d * d <= n && n % d !== 0; d += 1) {}
      if (d * d <= n) {
        continue;
      }
      if (H.length < 8) {
        H.push((Math.pow(n, 1 / 2) * 4294967296) | 0);
      }
      K.push((Math.pow(n, 1 / 3) * 4294967296) | 0);
    }
  })();

  function compress(state, words) {
    var w = words.slice(0, 16);
    var i;
    for (i = 16; i < 64; i += 1) {
      var x = w[i - 15];
      var y = w[i - 2];
      var s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      var s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    var a = state[0], b = state[1], c = state[2], d = state[3];
    var e = state[4], f = state[5], g = state[6], h = state[7];
    for (i = 0; i < 64; i += 1) {
      var S1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      var t1 = (h + S1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      var S0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      var t2 = (S0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    return [state[0] + a | 0, state[1] + b | 0, state[2] + c | 0, state[3] + d | 0,
      state[4] + e | 0, state[5] + f | 0, state[6] + g | 0, state[7] + h | 0];
  }

  // The first 32 bits of the SHA-256 of an ASCII text.
  function firstWord(text) {
    var blocks = ((text.length + 8) >> 6) + 1;
    var words = [];
    var i;
    for (i = 0; i < blocks * 16; i += 1) {
      words.push(0);
    }
    for (i = 0; i < text.length; i += 1) {
      words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
    }
    words[text.length >> 2] |= 0x80 << (24 - (text.length % 4) * 8);
    words[words.length - 1] = text.length * 8;
    var state = H;
    for (i = 0; i < words.length; i += 16) {
      state = compress(state, words.slice(i, i + 16));
    }
    return state[0];
  }

  var form = document.getElementById("work");
  var searches = Number(form.getAttribute("data-searches"));
  var shift = 32 - Number(form.getAttribute("data-zero-bits"));
  var challenge = form.getAttribute("data-challenge");
  var status = document.getElementById("work-running");
  var found = [];
  var number = 0;

  function slice() {
    var end = Date.now() + SLICE;
    while (Date.now() < end) {
      if (firstWord(challenge + "." + found.length + "." + number) >>> shift === 0) {
        found.push(number);
        number = -1;
        if (found.length === searches) {
          document.getElementById("work-answer").value = found.join(".");
          form.submit();
          return;
        }
      }
      number += 1;
    }
    setTimeout(slice, 0);
  }

  document.getElementById("work-wait").hidden = true;
  status.textContent = status.getAttribute("data-running");
  setTimeout(slice, 0);
})();
