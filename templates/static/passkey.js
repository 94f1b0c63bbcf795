/* Makes passkeys and signs with them. Without script, or where the browser cannot, its forms stay hidden.

   A form says what it is for: data-passkey="create" or "get", data-options holds the options as JSON,
   data-conditional that the browser may offer passkeys in the user ID field as well. The answer is posted as
   the field "passkey" of that form. What goes wrong is said in its element with role=alert. */
(function () {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials || !window.AbortController) {
    return;
  }
  var running = null;

  function bytes(text) {
    var binary = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(binary, function (character) {
      return character.charCodeAt(0);
    });
  }

  function text(buffer) {
    var binary = "";
    new Uint8Array(buffer).forEach(function (octet) {
      binary += String.fromCharCode(octet);
    });
    return window.btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function described(list) {
    return (list || []).map(function (credential) {
      return Object.assign({}, credential, { id: bytes(credential.id) });
    });
  }

  function creation(options) {
    if (PublicKeyCredential.parseCreationOptionsFromJSON) {
      return PublicKeyCredential.parseCreationOptionsFromJSON(options);
    }
    return Object.assign({}, options, {
      challenge: bytes(options.challenge),
      user: Object.assign({}, options.user, { id: bytes(options.user.id) }),
      excludeCredentials: described(options.excludeCredentials)
    });
  }

  function request(options) {
    if (PublicKeyCredential.parseRequestOptionsFromJSON) {
      return PublicKeyCredential.parseRequestOptionsFromJSON(options);
    }
    return Object.assign({}, options, {
      challenge: bytes(options.challenge),
      allowCredentials: described(options.allowCredentials)
    });
  }

  /* By hand instead of toJSON(), which some password managers' credentials don't have. */
  function answer(credential) {
    var given = credential.response;
    var response = { clientDataJSON: text(given.clientDataJSON) };
    if (given.attestationObject) {
      response.attestationObject = text(given.attestationObject);
      response.transports = given.getTransports ? given.getTransports() : [];
    } else {
      response.authenticatorData = text(given.authenticatorData);
      response.signature = text(given.signature);
      response.userHandle = given.userHandle ? text(given.userHandle) : null;
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: response });
  }

  function say(form, words) {
    var place = form.querySelector("[role=alert]");
    place.textContent = words;
    place.hidden = !words;
  }

  function stop() {
    if (running) {
      running.abort();
      running = null;
    }
  }

  function ask(form, conditional) {
    var options = JSON.parse(form.dataset.options);
    stop();
    running = new AbortController();
    if (form.dataset.passkey === "create") {
      return navigator.credentials.create({ publicKey: creation(options), signal: running.signal });
    }
    var wanted = { publicKey: request(options), signal: running.signal };
    if (conditional) {
      wanted.mediation = "conditional";
    }
    return navigator.credentials.get(wanted);
  }

  function send(form, credential) {
    var field = form.elements.passkey;
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = "passkey";
      form.appendChild(field);
    }
    field.value = answer(credential);
    form.submit();
  }

  /* The browser fills the user ID field with passkeys, for as long as no button is pressed. */
  function offer(form) {
    if (!("conditional" in form.dataset) || !PublicKeyCredential.isConditionalMediationAvailable) {
      return;
    }
    PublicKeyCredential.isConditionalMediationAvailable().then(function (available) {
      if (available && !form.hidden) {
        ask(form, true).then(
          function (credential) {
            send(form, credential);
          },
          function () {}
        );
      }
    });
  }

  function press(form) {
    say(form, "");
    Promise.resolve()
      .then(function () {
        return ask(form, false);
      })
      .then(
        function (credential) {
          send(form, credential);
        },
        function (error) {
          var words = { NotAllowedError: form.dataset.none, InvalidStateError: form.dataset.present };
          if (error.name !== "AbortError") {
            say(form, words[error.name] || form.dataset.unable);
            offer(form);
          }
        }
      );
  }

  function show(form) {
    var shared = document.querySelector("[name=shared_device]");
    function choose() {
      form.hidden = Boolean(shared && shared.checked && "conditional" in form.dataset);
      stop();
      if (!form.hidden) {
        offer(form);
      }
    }
    if (shared) {
      shared.addEventListener("change", choose);
    }
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      press(form);
    });
    document.querySelectorAll("[data-passkey-missing]").forEach(function (words) {
      words.hidden = true;
    });
    choose();
  }

  document.querySelectorAll("form[data-passkey]").forEach(show);
})();
