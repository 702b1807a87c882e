// A certified OpenID provider on a free port. Reads its configuration as JSON from the first
// argument, prints its issuer as the first line, and ends with its standard input.
import http from "node:http";
import Provider from "oidc-provider";

const { clients, accounts, claims, conformIdTokenClaims, resource } = JSON.parse(process.argv[2]);

const server = http.createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients,
    claims,
    conformIdTokenClaims,
    // By default the provider reaches no private address, and the portal under test is on one.
    fetch: (url, { dispatcher: _guard, ...options }) => globalThis.fetch(url, options),
    pkce: { required: () => true },
    cookies: { keys: ["only-for-tests"] },
    features: {
      devInteractions: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: Boolean(resource),
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: resource,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({ sub, ...accounts[sub] }),
    }),
  });
  provider.on("backchannel.error", (_context, error) => console.error(`backchannel: ${error}`));
  provider.on("server_error", (_context, error) => console.error(error));
  server.on("request", provider.callback());
  console.log(issuer);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
