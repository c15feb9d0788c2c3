import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { consulSettings } from "../../../operations/consul/settings";

const url = (env: NodeJS.ProcessEnv) => consulSettings(env).url.href;

test.each([
  [{}, "http://127.0.0.1:8500/"],
  [{ CONSUL_HTTP_ADDR: "10.0.0.1:8500" }, "http://10.0.0.1:8500/"],
  [{ CONSUL_HTTP_ADDR: "https://consul.example:8501" }, "https://consul.example:8501/"],
  [{ CONSUL_HTTP_ADDR: "consul.example:8501", CONSUL_HTTP_SSL: "true" }, "https://consul.example:8501/"],
  [{ CONSUL_HTTP_ADDR: "http://proxy.example/consul" }, "http://proxy.example/consul"],
])("%j is %s", (env, href) => {
  expect(url(env)).toBe(href);
});

test.each(["unix:///run/consul.sock", "http://", "ftp://a"])("%s is refused", (CONSUL_HTTP_ADDR) => {
  expect(() => url({ CONSUL_HTTP_ADDR })).toThrow(`CONSUL_HTTP_ADDR is ${JSON.stringify(CONSUL_HTTP_ADDR)}`);
});

test("the token is the variable's, or else the file's; certificates are read", () => {
  const folder = mkdtempSync(join(tmpdir(), "skyline-consul-settings-"));
  try {
    const file = join(folder, "file");
    writeFileSync(file, "secret\n");
    expect(consulSettings({ CONSUL_HTTP_TOKEN_FILE: file }).token).toBe("secret");
    expect(consulSettings({ CONSUL_HTTP_TOKEN_FILE: file, CONSUL_HTTP_TOKEN: "other" }).token).toBe("other");
    expect(consulSettings({ CONSUL_CACERT: file, CONSUL_HTTP_SSL_VERIFY: "false" }).tls).toMatchObject({
      ca: "secret\n",
      rejectUnauthorized: false,
    });
    expect(() => consulSettings({ CONSUL_CACERT: join(folder, "none") })).toThrow(
      /CONSUL_CACERT names .*ENOENT/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("certificates are checked unless it is said otherwise", () => {
  expect(consulSettings({}).tls.rejectUnauthorized).toBe(true);
});
