// Authorization code with PKCE, by hand: what a library does for a single-page application.

const settings = await (await fetch("/spa/settings.json")).json();
const authority = await (await fetch(`${settings.authority}/v2.0/.well-known/openid-configuration`)).json();

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function signIn() {
  const begun = { state: random(), nonce: random(), verifier: random() };
  sessionStorage.setItem("begun", JSON.stringify(begun));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(begun.verifier));
  const query = new URLSearchParams({
    client_id: settings.clientId,
    response_type: "code",
    redirect_uri: settings.redirectUri,
    response_mode: "fragment",
    scope: "openid profile email User.Read",
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  location.assign(`${authority.authorization_endpoint}?${query}`);
}

function signOut() {
  sessionStorage.clear();
  const query = new URLSearchParams({ post_logout_redirect_uri: settings.redirectUri });
  location.assign(`${authority.end_session_endpoint}?${query}`);
}

async function redeem(answer) {
  const begun = JSON.parse(sessionStorage.getItem("begun") ?? "{}");
  sessionStorage.removeItem("begun");
  if (answer.has("error")) {
    throw new Error(answer.get("error_description") ?? answer.get("error"));
  }
  if (!begun.state || answer.get("state") !== begun.state) {
    throw new Error("the answer belongs to no sign-in that was begun here");
  }
  const response = await fetch(authority.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      client_id: settings.clientId,
      grant_type: "authorization_code",
      code: answer.get("code"),
      redirect_uri: settings.redirectUri,
      code_verifier: begun.verifier,
    }),
  });
  const tokens = await response.json();
  if (!response.ok) {
    throw new Error(tokens.error_description ?? tokens.error);
  }
  const claims = claimsOf(tokens.id_token);
  if (claims.nonce !== begun.nonce || claims.aud !== settings.clientId || claims.iss !== issuerFor(claims)) {
    throw new Error("the id_token was not made for this sign-in");
  }
  return claims;
}

// The token comes straight from the cloud over TLS, so its signature need not be checked here (OpenID Connect Core,
// 3.1.3.7, 6).
function claimsOf(token) {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0))));
}

function issuerFor(claims) {
  return authority.issuer.replace("{tenantid}", claims.tid);
}

function show(claims) {
  document.getElementById("signed-out").hidden = true;
  document.getElementById("signed-in").hidden = false;
  document.getElementById("name").textContent = claims.name ?? claims.preferred_username;
  document.getElementById("who").textContent = claims.preferred_username;
  for (const [name, value] of Object.entries(claims)) {
    const row = document.getElementById("claims").insertRow();
    const heading = document.createElement("th");
    heading.scope = "row";
    heading.textContent = name;
    row.append(heading);
    row.insertCell().textContent = typeof value === "object" ? JSON.stringify(value) : value;
  }
}

document.getElementById("sign-in").addEventListener("click", signIn);
document.getElementById("sign-out").addEventListener("click", signOut);

const answer = new URLSearchParams(location.hash.slice(1));
if (answer.has("code") || answer.has("error")) {
  history.replaceState(null, "", location.pathname);
  try {
    show(await redeem(answer));
  } catch (error) {
    document.getElementById("error").textContent = error.message;
    document.getElementById("error").hidden = false;
  }
}
