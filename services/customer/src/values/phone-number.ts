import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/min/metadata';

/** A number in E.164, read with the tenant's country when it has no country code; undefined when it cannot be one. */
export function toE164(number: string, country: string): string | undefined {
  const region = isSupportedCountry(country as CountryCode, metadata) ? (country as CountryCode) : undefined;
  const parsed = parsePhoneNumberFromString(number, { defaultCountry: region, extract: false }, metadata);
  return parsed?.isPossible() ? parsed.number : undefined;
}

/** What a phone number is looked up by: E.164, else its digits, so that "4711" at an extension finds itself. */
export const phoneKey = (number: string, country: string): string => keyOf({ number, e164: toE164(number, country) });

/** The same for a number whose E.164 form is known already; working it out is what costs most about a number. */
export const keyOf = ({ number, e164 }: { number: string; e164?: string }): string => e164 ?? number.replace(/\D/g, '');
