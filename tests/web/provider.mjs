// A certified OpenID provider for the checks. People sign in by saying who they are; keys are new at every start.
// It is told everything in one argument of JSON, and says its issuer when it is open.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const { port, client, secret, back, out } = JSON.parse(process.argv[2]);

const page = (title, body) => `<!doctype html><html lang="id"><meta charset="utf-8"><title>${title}</title>
  <link rel="icon" href="data:,"><h1>${title}</h1>${body}`;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const server = createServer();
server.listen(port, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client, client_secret: secret, redirect_uris: [back], post_logout_redirect_uris: [out] }],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomUUID()] },
    claims: { openid: ["sub", "amr"], profile: ["preferred_username"], email: ["email"] },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        logoutSource: (context, form) => {
          context.body = page("Keluar", `${form}<button form="op.logoutForm" name="logout" value="yes">Ya</button>`);
        },
      },
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: `${id}@sso.example` }) }),
    interactions: { url: (_, interaction) => `/who/${interaction.uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    renderError: (context, said) => {
      context.body = page("Salah", `<pre>${JSON.stringify(said).replaceAll("<", "&lt;")}</pre>`);
    },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
  });

  provider.use(async (context, next) => {
    if (!context.path.startsWith("/who/")) return next();
    if (context.method === "GET") {
      context.body = page("Siapa Anda?", `<form method="post"><label>Akun <input name="account"></label>
        <label><input type="checkbox" name="mfa"> dua langkah</label>
        <button name="do" value="sign-in">Masuk</button> <button name="do" value="cancel">Batal</button></form>`);
      return undefined;
    }
    const chunks = [];
    for await (const chunk of context.req) chunks.push(chunk);
    const said = new URLSearchParams(Buffer.concat(chunks).toString());
    const answer = said.get("do") === "cancel"
      ? { error: "access_denied" }
      : { login: { accountId: said.get("account"), amr: said.has("mfa") ? ["pwd", "otp", "mfa"] : ["pwd"] } };
    return provider.interactionFinished(context.req, context.res, answer, { mergeWithLastSubmission: false });
  });

  server.on("request", provider.callback());
  process.stdout.write(`${issuer}\n`);
});
