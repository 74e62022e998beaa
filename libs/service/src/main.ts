import type { Service } from './service.js';

/**
 * Runs a service as a process: `main.js` starts it, `main.js migrate` brings its database up to date and ends.
 * SIGTERM and SIGINT stop it gracefully. With KONTOR_EXIT_WITH_PARENT=1 it also stops when its standard input ends,
 * so that nothing is left behind when the process that started it dies.
 */
export async function main(service: Service): Promise<void> {
  try {
    if (process.argv[2] === 'migrate') return await service.migrate(process.env);
    const running = await service.start(process.env);
    let stopping = false;
    const stop = async () => {
      if (stopping) return;
      stopping = true;
      await running.stop();
      process.exit();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    if (process.env.KONTOR_EXIT_WITH_PARENT === '1') process.stdin.on('end', stop).on('close', stop).resume();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
