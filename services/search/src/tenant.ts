import { AppError, currentContext } from '@kontor/bus';

const LOWER_CASE_UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The tenant of the current call. Meilisearch and PostgreSQL both take `A…` and `a…` for the same, so only one of them is let in. */
export function currentTenant(): string {
  const { tenant } = currentContext();
  if (!LOWER_CASE_UUID.test(tenant)) throw new AppError('invalid', 'The tenant of this call must be a lower-case UUID');
  return tenant;
}
