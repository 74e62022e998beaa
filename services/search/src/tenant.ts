import { AppError, currentContext, isLowerCaseUuid } from '@kontor/bus';

/** The tenant of the current call. Meilisearch and PostgreSQL both take `A…` and `a…` for the same, so only one of them is let in. */
export function currentTenant(): string {
  const { tenant } = currentContext();
  if (!isLowerCaseUuid(tenant)) throw new AppError('invalid', 'The tenant of this call must be a lower-case UUID');
  return tenant;
}
