// biome-ignore lint/style/noDefaultExport: Jest calls the default export
export default async function teardown() {
  await (await globalThis.kontorTestPostgres)?.stop();
}
