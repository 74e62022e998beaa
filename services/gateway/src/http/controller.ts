import { Bus } from '@kontor/bus';
import { Controller, HttpCode, Inject, Req, RequestMapping, RequestMethod, Res, type Type } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ENV, type GatewayEnv } from '../env.js';
import { respond } from './respond.js';
import type { Route, RouteInController } from './route.js';

const routesOf = new Map<Type, Route[]>();

/** Makes a Nest controller out of a table of routes: one line each. */
export function controller(tag: string, prefix: string, table: RouteInController[]): Type {
  @Controller()
  class RoutesController {
    constructor(
      readonly bus: Bus,
      @Inject(ENV) readonly env: GatewayEnv,
    ) {}
  }
  const routes = table.map((entry): Route => ({ ...entry, tag, path: [prefix, entry.path].filter(Boolean).join('/') }));
  for (const entry of routes) addMethod(RoutesController, entry);
  routesOf.set(RoutesController, routes);
  return RoutesController;
}

function addMethod(type: Type<{ bus: Bus; env: GatewayEnv }>, entry: Route): void {
  const respondToIt = respond(entry);
  const descriptor: PropertyDescriptor = {
    configurable: true,
    value(this: { bus: Bus; env: GatewayEnv }, request: FastifyRequest, reply: FastifyReply) {
      return respondToIt(this.bus, this.env, request, reply);
    },
  };
  Object.defineProperty(type.prototype, entry.name, descriptor);
  Req()(type.prototype, entry.name, 0);
  Res()(type.prototype, entry.name, 1);
  HttpCode(entry.status)(type.prototype, entry.name, descriptor);
  RouteConfig({ route: entry })(type.prototype, entry.name, descriptor);
  RequestMapping({ method: RequestMethod[entry.method], path: entry.path })(type.prototype, entry.name, descriptor);
}

/** The routes of these controllers, for the documentation. */
export const routesIn = (controllers: Type[]): Route[] => controllers.flatMap((type) => routesOf.get(type) ?? []);
