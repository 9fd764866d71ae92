// Asks the browser for a security key's answer and sends it with the form. The only script of the pages at the door.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function asked(form) {
  const options = JSON.parse(form.dataset.options);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) for (const each of list || []) each.id = bytes(each.id);
  return form.dataset.call === "create" ? navigator.credentials.create({ publicKey: options }) : navigator.credentials.get({ publicKey: options });
}

function spelled(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) if (credential.response[part]) response[part] = text(credential.response[part]);
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults() });
}

const form = document.getElementById("key-form");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const failed = form.querySelector(".error");
  failed.hidden = true;
  try {
    form.elements.answer.value = spelled(await asked(form));
    form.submit();
  } catch {
    failed.textContent = form.dataset.failed;
    failed.hidden = false;
  }
});
