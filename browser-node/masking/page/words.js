// What fields are called, in English, German, French, Spanish and Italian: without accents, in lower case, words apart.

/** Known to be harmless whatever else is said of it. */
const HARMLESS = /\b(palabra clave|frequent flyer|viajero frecuente|(kunden|bonus|bahn|payback)card|carte? (de )?(reduction|fidelite|freccia)|captcha|zip|post ?code|postal|postleitzahl|plz|house ?number|hausnummer|security question|place of birth|geburtsort|lieu de naissance)\b/;

/** In the order in which they are tried. */
const WORDS = [
  [
    'cards',
    /\b((credit|debit|bank|payment|gift|kredit|geschenk|gutschein) ?(card|karten?) ?(n(o|um|umber|r|ummer)\b)?|cards? ?(n(o|um|umber|r)|holder|exp\w*|cv\w+|pin)\b|(name|nombre|nom|nome) (on|auf der|sur la|en la|sulla) ?(card|karte|carte|tarjeta|carta)|cc ?(n(o|um|umber|ame|r)|exp\w*|cid|csc|cv[cv]\w*|month|year)\b|karten ?(nummer|nr|inhaber|pruf\w*)|kreditkart\w*|(encrypted )?(card number|expiry date|expiry|security code)|n(um|umero)? ?(de |de la |della |di )?(tarjeta|carte(?! d ?identite)|carta(?! d ?identita)|cb)\b|tarjeta\b(?! sanitaria)|cartes? (bancaire|de credit|bleue|cadeau)|carta (di credito|regalo)|holder ?name|(titular|titolare) (de la |della )?(tarjeta|carta|carte)|titulaire (de la )?carte|intestatario (della )?carta|cv[cv] ?2?|cv2|csc|cvn|cryptogramme( visuel)?|pruf ?ziffer|exp(iry|iration)? ?(date|month|year|mo|yr)?\b|gultig (bis|monat|jahr)|ablauf ?datum|(mes|ano)? ?caducidad|(data |mese |anno )?(di )?scadenza|(date )?(d |de )?(fin de )?(validite|expiration)|security code|codigo (de )?seguridad|codice di sicurezza|pan|mm (yy|jj|aa))\b/,
  ],
  [
    'passwords',
    /\b(pass ?(word|code|phrase|wort)|passwd|pwd|psw|kennwort|\w+(kennwort|passwort|password)|mot de passe|mdp|contrasena|claves?|parola chiave|pin|pin ?code|puk|otp ?\w*|tan|m ?tan|totp|[26] ?fa|one ?time|(verification|confirmation|authentication|security|sms|access|login) code|\w* ?(four|six|[468]) ?digit (code|pin)|code (we|that we)? ?(sent|received)|code (personnel|secret|confidentiel|d ?acces|conf|recu\b.*|de (verification|confirmation)|sms)|codigo (otp|sms|de verificacion|de confirmacion|que te)|codice (otp|sms|pin|ricevuto|di verifica|o ?key)|bestatigungs ?code|sicherheits ?code|(security|secret) ?answer\w*|your answer|memorable|mem info|maiden ?name|(geheim|sicherheits) ?(zahl|antwort|wort)|(reponse|respuesta|risposta) (secrete|secreta|segreta|de seguridad|di sicurezza)|coordenadas?|memorable (word|answer|information))\d*\b/,
  ],
  [
    'bank_accounts',
    /\b(\w*iban\w*|bic|swift\w*|(account|acct|acc) ?(n(o|um|umber|r)|nummer)\w*( confirm)?|acct|sort ?code\w*|routing ?(n(o|um|umber))?|rtn|aba|konto ?(nummer|nr)|kto ?(nr|nummer)?|blz|bankleitzahl|n(um|umero|r)? ?(de |de la |del |di |du )?(compte|cuenta|conto)|n de compte|cuenta (de |bancaria)\w*|cuenta destino|conto corrente|code ?(banque|guichet)|(cle )?rib|ccc|clabe|cbu|abi|cab|cin)\b/,
  ],
  [
    'national_ids',
    /\b(\w*ssn|social (security|insurance)|sozialversicherung\w*|seguridad social|securite sociale|assurance sociale|national insurance|nino|nhs|tax ?(payer)? ?(id|identification|file|number|reference|ref)\w*|taxpayer\w*|tin|itin|employer identification|utr|tfn|steuer ?(nummer|nr|id)|steuerliche|identifikationsnummer|id ?nr|versicherten ?(nummer|nr)|(renten|kranken|sozial)?versicherungsnummer|kv ?nr|rv ?nr|sv ?nr|vs ?nr|sv nummer|ahv|avs|(personal)?ausweis ?(nummer|nr)?|personalausweis\w*|reisepass\w*|passport ?\w*|pasaporte|passeport|passaporto|fuhrerschein\w*|(driving|driver s?|drivers) licen[cs]e|dln|permis de conduire|num permis|permiso ?(de )?conducir|patente|(numero|n) fiscal|spi|nir|nss|nas|niss|n(um|umero)? ?(de )?secu\w*|carte d ?identite|cni|carta (d )?identita|registre national|siret|siren|(n(um|umero)|vat) ?(de )?(tva|number|id|reg\w*)|tva (intra\w*)|nif|(numero|n) (de )?nie|dni|cif|cuit|cuil|curp|rfc|rut|cpf|cnpj|naf|cip|(numero (de )?)(documento|soporte)|num soporte|afiliacion|codice fiscale|c f|cf|partita iva|p iva|piva|tessera sanitaria|inps|\w*national id\w*|identity (card|number))\b/,
  ],
  [
    'birth_dates',
    /\b(\w*birth ?(date|day|month|year|dt)?|\w*dob|b ?day|geburts\w*|geb ?dat(um)?|geboren|naissance|ne e? le|nacimiento|fnac|nascita)\b/,
  ],
  ['email', /\b(e ?mails?|\w*mail(?!ing)\w*|correo|courriel|posta( elettronica)?|pec)\b/],
  [
    'phone',
    /\b((\w+ )?(tele)?phones?|tel|tfno|telefono?\w*|telephone|mobil\w*( ?(nummer|phone|number|no))?|movil|cellulare|cell|celular|handy\w*|gsm|natel|fono|ruf ?nummer|portable|fax|msisdn|(numero de )?ligne|linea|recapito)\b/,
  ],
];

/** Parts of a date, which say nothing without what stands above them. */
const PART = /^(\W|\b(dd|mm|yy|yyyy|day|month|year|tag|monat|jahr|jour|mois|annee|dia|mes|ano|giorno|mese|anno|first|second|digit|digits|two|middle|last|\d+)\b)*$/;

/** What an author says by `autocomplete` (HTML, "Autofill detail tokens"). */
function ofAutocomplete(token) {
  if (token.startsWith('cc-')) return 'cards';
  if (/^(current-password|new-password|one-time-code)$/.test(token)) return 'passwords';
  if (token.startsWith('bday')) return 'birth_dates';
  if (token === 'email') return 'email';
  if (/^tel(-|$)/.test(token)) return 'phone';
  if (/^((given|family|additional)-name|name|nickname|honorific-.*|organization.*|street-address|address-.*|country.*|postal-code|sex|url|language|transaction-.*)$/.test(token)) return 'plain';
  return null;
}

/** Lower case, without accents, words apart: `checkout[zipCode]` becomes `checkout zip code`. */
function plainWords(text) {
  return text
    .slice(0, 300)
    .replace(/([a-zà-ÿ])([A-Z])/g, '$1 $2')
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

function kindOfWords(words) {
  if (HARMLESS.test(words)) return null;
  return WORDS.find(([, pattern]) => pattern.test(words))?.[0] ?? null;
}
