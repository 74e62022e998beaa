import { type ArgumentsHost, Catch, type DynamicModule, Global, Module, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { Bus } from './bus.js';

/** Makes the process's one `Bus` injectable everywhere. */
@Global()
@Module({})
export class BusModule {
  static with(bus: Bus): DynamicModule {
    return { module: BusModule, providers: [{ provide: Bus, useValue: bus }], exports: [Bus] };
  }
}

/** Hands errors to the strategy as they were thrown; Nest's own filter would turn them into "Internal server error". */
@Catch()
export class PassErrors implements RpcExceptionFilter {
  catch(error: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => error);
  }
}
