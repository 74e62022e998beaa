import { empty } from '@kontor/contracts';
import { route } from '../http/route.js';

const SAMPLE = [
  'firstName,lastName,email,phone,mobile,companyName,jobTitle,line1,postalCode,city,country,birthday,language,tags,notes',
  'Anna,Schmidt,anna.schmidt@firma.example,+49 30 1234567,+49 151 23456789,Firma GmbH,Buyer,Alexanderplatz 1,10178,Berlin,DE,1984-05-17,de,"vip,berlin",Prefers mail',
  '伟,王,wang.wei@gongsi.example,+86 10 8765 4321,,Gongsi Ltd,,,,Beijing,CN,,zh,,',
  '',
].join('\r\n');

export const sample = route('GET', 'sample.csv', {
  name: 'getSampleFile',
  summary: 'Gives a small file that can be imported as it is, with the names of the fields as headers',
  input: empty.strict(),
  produces: 'text/csv',
  answer: async ({ reply }) =>
    reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="sample.csv"').send(SAMPLE),
});
