import { describe, expect, it } from '@jest/globals';
import { importFields } from '@kontor/contracts';
import { lacksColumns, proposeMapping, systemOf } from './propose-mapping.js';

const proposal = (line: string) =>
  proposeMapping(line.split(',').map((header) => header.trim()))
    .map((field) => field ?? '-')
    .join(' ');

describe('proposeMapping', () => {
  it.each([
    [
      'a usual English file',
      'First Name,Middle Name,Last Name,Company,Job Title,E-mail,E-mail 2,Phone,Mobile,Street,City,State,ZIP,Country,Type,Tags,Notes',
      'firstName middleName lastName companyName jobTitle email email2 phone mobile line1 city state postalCode country type tags notes',
    ],
    [
      'snake case, and headers that say nothing',
      'rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id',
      '- firstName lastName line1 line1 line2 - postalCode state birthday -',
    ],
    [
      'German',
      'Vorname,Nachname,Firma,Funktion,E-Mail-Adresse,Telefon,Handy,Fax,Straße,Hausnummer,PLZ,Ort,Bundesland,Land,Geburtsdatum,Sprache,Schlagwörter,Bemerkungen,Homepage,Personalnummer',
      'firstName lastName companyName jobTitle email phone mobile fax line1 line1 postalCode city state country birthday language tags notes website employeeCode',
    ],
    ['German with Name for the last name', 'Name,Vorname,Mail', 'lastName firstName email'],
    ['a whole name', 'Name,E-Mail', 'name email'],
    [
      'Google contacts',
      'Name,Given Name,Additional Name,Family Name,Birthday,Notes,Group Membership,E-mail 1 - Type,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Type,Phone 1 - Value,Phone 2 - Value,Address 1 - Street,Address 1 - City,Address 1 - Postal Code,Address 1 - Country,Address 1 - Extended Address,Organization 1 - Name,Organization 1 - Title,Website 1 - Value',
      'name firstName middleName lastName birthday notes tags - email email2 - phone phone2 line1 city postalCode country line2 companyName jobTitle website',
    ],
    [
      'Outlook, the business address first and the home address as the second',
      'Title,First Name,Last Name,Company,Home Street,Home City,Business Street,Business City,Business Postal Code,Business Country/Region,Business Fax,Business Phone,Home Phone,Mobile Phone,E-mail Address,E-mail Display Name,E-mail 2 Address,Categories,Web Page',
      '- firstName lastName companyName homeLine1 homeCity line1 city postalCode country fax phone phone2 mobile email - email2 tags website',
    ],
    [
      'Salesforce',
      'First Name,Last Name,Account Name,Mailing Street,Mailing City,Mailing Zip/Postal Code,Email,Birthdate',
      'firstName lastName companyName line1 city postalCode email birthday',
    ],
    ['a second column of a kind that has several places', 'E-mail,Mail,Telephone,Tel.,Phone', 'email email2 phone2 phone3 phone'],
    ['a second column of a kind that has one place', 'City,Town,Ort', 'city - -'],
    [
      'two whole addresses',
      'Home Address,Home City,Home ZipCode,Home Country,Work Address,Work City,Work ZipCode,Work Country',
      'homeLine1 homeCity homePostalCode homeCountry line1 city postalCode country',
    ],
    ['a home address alone', 'E-mail,Home Street,Home City,Home Country/Region', 'email line1 city country'],
    [
      'German Outlook',
      'Straße geschäftlich,Ort geschäftlich,Postleitzahl geschäftlich,Land/Region geschäftlich,Straße privat,Ort privat,Weiterer Ort',
      'line1 city postalCode country homeLine1 homeCity -',
    ],
    ['parts without a group beside one that has the others', 'Business Street,City,ZIP', 'line1 city postalCode'],
    ['parts that belong to no address yet beside a whole one', 'Street,City,Home Street,Home Country', 'line1 city homeLine1 homeCountry'],
    ['two Google addresses', 'Address 1 - Street,Address 2 - Street,Address 2 - City,Address 3 - City', 'line1 homeLine1 homeCity -'],
    ['ids of HubSpot', 'Record ID - Contact,Email', 'externalId email'],
    ['a house number without a street', 'E-mail,Hausnummer', 'email -'],
    ['custom fields by their key', 'E-mail,customFields.shoeSize,customFields.shoeSize', 'email customFields.shoeSize -'],
    ['nothing', 'foo,,bar', '- - -'],
  ])('knows %s', (_, headers, fields) => {
    expect(proposal(headers)).toBe(fields);
  });

  it('knows every field by its own name, whatever its writing', () => {
    expect(proposeMapping(importFields)).toEqual([...importFields]);
    const snake = importFields.map((field) => field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
    expect(proposeMapping(snake)).toEqual([...importFields]);
  });

  it('gives no field to two columns, but for a street', () => {
    const fields = proposeMapping([...importFields, 'E-Mail', 'Telefon', 'Ort', 'Street Number', 'Firma']).filter(
      (field) => field !== null && field !== 'line1',
    );
    expect(new Set(fields).size).toBe(fields.length);
  });
});

describe('lacksColumns', () => {
  it.each([[['email']], [['firstName', 'lastName']], [['name']]])('is content with %j', (fields) => {
    expect(lacksColumns([...fields, null, 'city'])).toBeUndefined();
  });
  it.each([[[]], [['firstName']], [['lastName', 'phone']], [['email2']]])('is not content with %j', (fields) => {
    expect(lacksColumns(fields)).toContain('needs a column for the e-mail');
  });
});

it.each([
  ['google', 'Given Name,E-mail 1 - Value'],
  ['outlook', 'First Name,Business Street,E-mail Address'],
  ['salesforce', 'Contact ID,Account Name,Mailing Street'],
  ['hubspot', 'Record ID - Contact,Email'],
  ['zoho', 'Record Id,Contact Owner,Email'],
  [undefined, 'ID,First Name,E-mail,External Id'],
])('the system of a file: %s', (system, headers) => expect(systemOf(headers.split(','))).toBe(system));
