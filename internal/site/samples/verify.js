const crypto = require("node:crypto");
const http = require("node:http");

function verify(secret, headers, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const stamp = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - Number(stamp)) <= 300)) return false;
  const mac = crypto.createHmac("sha256", key).update(`${headers["webhook-id"]}.${stamp}.`).update(body).digest("base64");
  const expected = Buffer.from("v1," + mac);
  return (headers["webhook-signature"] || "").split(" ").some((text) => {
    const given = Buffer.from(text);
    return given.length === expected.length && crypto.timingSafeEqual(given, expected);
  });
}

http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const good = verify(process.env.WEBHOOK_SECRET, request.headers, body);
    if (good) console.log(request.headers["webhook-id"], body.toString());
    response.writeHead(good ? 200 : 401).end();
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
