// Free mail providers: a shared domain there says nothing about its users. A list of the large ones is enough, because the mail domains of customers
// are entered manually. Brands use the same name under many country codes.
const BRANDS =
  /^(gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|rocketmail|aol|aim|gmx|icloud|proton|protonmail|tutanota|tuta|yandex|zoho|zohomail|fastmail|mailbox|hushmail)\.[a-z]{2,4}(\.[a-z]{2})?$/;
const OTHERS = new Set(
  `me.com mac.com mail.com email.com usa.com pm.me hey.com inbox.com duck.com windowslive.com passport.com tutamail.com keemail.me
   web.de t-online.de freenet.de arcor.de posteo.de posteo.net mail.de email.de online.de vodafone.de o2online.de 1und1.de kabelmail.de
   aon.at chello.at bluewin.ch hispeed.ch sunrise.ch
   orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr libero.it virgilio.it alice.it tiscali.it tin.it telefonica.net terra.es
   wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz ziggo.nl kpnmail.nl planet.nl home.nl telenet.be skynet.be telia.com
   btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net blueyonder.co.uk
   comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net rogers.com shaw.ca sympatico.ca bigpond.com optusnet.com.au
   qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn aliyun.com naver.com hanmail.net daum.net docomo.ne.jp ezweb.ne.jp
   mail.ru bk.ru list.ru inbox.ru rambler.ru ya.ru ukr.net abv.bg uol.com.br bol.com.br terra.com.br rediffmail.com`.split(/\s+/),
);

/** Whether a domain (in lower case) belongs to a free mail provider. */
export const isFreeMail = (domain: string): boolean => BRANDS.test(domain) || OTHERS.has(domain);
