import type { Caller, Scene } from './route-scene.js';

/**
 * What a caller must get: a refusal with this status; `shows` is a success with something of what is hidden from others, `hides` a success
 * without any of it, `done` a success; `item 404` a success of which the only item has this status. Who may not see a thing is never told of it.
 */
export type Outcome = number | '409 and shows' | 'shows' | 'hides' | 'done' | `item ${number}`;
type Expected = Record<Caller, Outcome>;

/** What is asked: members named like parameters of the path go there. */
export interface Ask {
  id?: string;
  contactId?: string;
  commentId?: string;
  query?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** What else is hidden here. */
  hidden?: string[];
}
/** One way to call a route: `ask` gives the call, with things made for this caller alone where it consumes them. */
export interface Row {
  expected: Expected;
  ask: (scene: Scene, caller: Caller) => Ask | Promise<Ask>;
}
export type Asking = Row['ask'];
type Change = Partial<Expected>;

export const everybody = (outcome: Outcome, but: Change = {}): Expected => ({
  nobody: 401,
  foreigner: outcome,
  stranger: outcome,
  reader: outcome,
  writer: outcome,
  member: outcome,
  light: outcome,
  owner: outcome,
  admin: outcome,
  ...but,
});
const unseen = { foreigner: 404, stranger: 404 } as const;
export const row =
  (expected: Expected) =>
  (ask: Asking, but: Change = {}): Row => ({ expected: { ...expected, ...but }, ask });

/** Gives something of one thing, to whoever may see it. */
export const reads = row(everybody('shows', unseen));
/** The same where the answer has no text of it, like a picture. */
export const fetches = row(everybody('done', unseen));
/** Lists things: those that the caller may see. */
export const lists = row(everybody('shows', { foreigner: 'hides', stranger: 'hides' }));
/** Changes one thing. */
export const writes = row(everybody('done', { ...unseen, reader: 403, light: 403 }));
/** Changes what only the owner and admins change. */
export const owns = row(everybody(403, { ...unseen, owner: 'done', admin: 'done' }));
/** Only of who made it, and admins. */
export const ownWork = row(everybody(404, { owner: 'done', admin: 'done' }));
/** The same where light agents have nothing to do. */
export const ownFile = row(everybody(404, { light: 403, owner: 'done', admin: 'done' }));
/** Changes several things, each with its own result. */
export const writesEach = row(everybody('item 200', { foreigner: 'item 404', stranger: 'item 404', reader: 'item 403', light: 403 }));
/** For every agent but light ones; what is hidden stays so. */
export const anyAgent = row(everybody('done', { foreigner: 'hides', stranger: 'hides', light: 403 }));
/** For everybody; the other tenant gets its own. */
export const anybody = row(everybody('done', { foreigner: 'hides', stranger: 'hides' }));
/** For everybody of the tenant. */
export const ofTheTenant = row(everybody('shows', { foreigner: 'hides' }));
/** One thing that only admins may do something with. */
export const adminOnly = row(everybody(403, { foreigner: 404, admin: 'done' }));
/** About the tenant: each admin changes its own. */
export const tenantsAdmins = row(everybody(403, { foreigner: 'hides', admin: 'done' }));
