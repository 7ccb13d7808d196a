"""Country names to two-letter codes.

The codes and English names are those of ISO 3166-1 (datasets/country-codes, public domain); the names behind them are
what customer files write instead.
"""

from __future__ import annotations

import difflib
from functools import lru_cache

from integrations.imports.values import ValueProblem, name_key

# code | three letters | the name shown | other names; a country with many names has a second line
_TABLE = """
AD|AND|Andorra
AE|ARE|United Arab Emirates|UAE|Emirates|Vereinigte Arabische Emirate
AF|AFG|Afghanistan
AG|ATG|Antigua & Barbuda|Antigua and Barbuda
AI|AIA|Anguilla
AL|ALB|Albania
AM|ARM|Armenia
AO|AGO|Angola
AQ|ATA|Antarctica
AR|ARG|Argentina|Argentinien
AS|ASM|American Samoa
AT|AUT|Austria|Österreich|Autriche
AU|AUS|Australia
AW|ABW|Aruba
AX|ALA|Åland Islands
AZ|AZE|Azerbaijan
BA|BIH|Bosnia|Bosnia and Herzegovina
BB|BRB|Barbados
BD|BGD|Bangladesh
BE|BEL|Belgium|Belgien|België|Belgique
BF|BFA|Burkina Faso
BG|BGR|Bulgaria|Bulgarien
BH|BHR|Bahrain
BI|BDI|Burundi
BJ|BEN|Benin
BL|BLM|St. Barthélemy|Saint Barthélemy
BM|BMU|Bermuda
BN|BRN|Brunei|Brunei Darussalam
BO|BOL|Bolivia|Bolivia (Plurinational State of)
BQ|BES|Caribbean Netherlands|Bonaire, Sint Eustatius and Saba
BR|BRA|Brazil|Brasilien|Brasil
BS|BHS|Bahamas
BT|BTN|Bhutan
BV|BVT|Bouvet Island
BW|BWA|Botswana
BY|BLR|Belarus
BZ|BLZ|Belize
CA|CAN|Canada
CC|CCK|Cocos Islands|Cocos (Keeling) Islands
CD|COD|Congo - Kinshasa|Democratic Republic of the Congo|DR Congo|Congo (Kinshasa)
CF|CAF|Central African Republic
CG|COG|Congo - Brazzaville|Congo|Congo (Brazzaville)
CH|CHE|Switzerland|Schweiz|Suisse|Svizzera
CI|CIV|Côte d'Ivoire|Ivory Coast|Cote d'Ivoire
CK|COK|Cook Islands
CL|CHL|Chile
CM|CMR|Cameroon
CN|CHN|China|PR China|People's Republic of China|PRC|Mainland China
CO|COL|Colombia
CR|CRI|Costa Rica
CU|CUB|Cuba
CV|CPV|Cape Verde|Cabo Verde
CW|CUW|Curaçao
CX|CXR|Christmas Island
CY|CYP|Cyprus
CZ|CZE|Czechia|Czech Republic|Tschechien|Tschechische Republik|Česko
DE|DEU|Germany|Deutschland|Allemagne
DJ|DJI|Djibouti
DK|DNK|Denmark|Dänemark|Danmark
DM|DMA|Dominica
DO|DOM|Dominican Republic
DZ|DZA|Algeria
EC|ECU|Ecuador
EE|EST|Estonia|Estland
EG|EGY|Egypt|Ägypten
EH|ESH|Western Sahara
ER|ERI|Eritrea
ES|ESP|Spain|Spanien|España
ET|ETH|Ethiopia
FI|FIN|Finland|Finnland|Suomi
FJ|FJI|Fiji
FK|FLK|Falkland Islands
FM|FSM|Micronesia|Micronesia (Federated States of)
FO|FRO|Faroe Islands
FR|FRA|France|Frankreich
GA|GAB|Gabon
GB|GBR|United Kingdom|UK|United Kingdom of Great Britain and Northern Ireland|Great Britain|Britain|England|Scotland
GB||Wales|Northern Ireland|Großbritannien|Vereinigtes Königreich
GD|GRD|Grenada
GE|GEO|Georgia
GF|GUF|French Guiana
GG|GGY|Guernsey
GH|GHA|Ghana
GI|GIB|Gibraltar
GL|GRL|Greenland
GM|GMB|Gambia
GN|GIN|Guinea
GP|GLP|Guadeloupe
GQ|GNQ|Equatorial Guinea
GR|GRC|Greece|Griechenland|Hellas
GS|SGS|South Georgia & South Sandwich Islands|South Georgia and the South Sandwich Islands
GT|GTM|Guatemala
GU|GUM|Guam
GW|GNB|Guinea-Bissau
GY|GUY|Guyana
HK|HKG|Hong Kong|China, Hong Kong Special Administrative Region|Hongkong
HM|HMD|Heard & McDonald Islands|Heard Island and McDonald Islands
HN|HND|Honduras
HR|HRV|Croatia|Kroatien|Hrvatska
HT|HTI|Haiti
HU|HUN|Hungary|Ungarn
ID|IDN|Indonesia
IE|IRL|Ireland|Irland|Republic of Ireland|Eire
IL|ISR|Israel
IM|IMN|Isle of Man
IN|IND|India|Indien
IO|IOT|British Indian Ocean Territory
IQ|IRQ|Iraq
IR|IRN|Iran|Iran (Islamic Republic of)
IS|ISL|Iceland|Island
IT|ITA|Italy|Italien|Italia
JE|JEY|Jersey
JM|JAM|Jamaica
JO|JOR|Jordan
JP|JPN|Japan
KE|KEN|Kenya
KG|KGZ|Kyrgyzstan
KH|KHM|Cambodia
KI|KIR|Kiribati
KM|COM|Comoros
KN|KNA|St. Kitts & Nevis|Saint Kitts and Nevis
KP|PRK|North Korea|Democratic People's Republic of Korea
KR|KOR|South Korea|Republic of Korea|Korea|Korea, South|Korea (South)
KW|KWT|Kuwait
KY|CYM|Cayman Islands
KZ|KAZ|Kazakhstan
LA|LAO|Laos|Lao People's Democratic Republic
LB|LBN|Lebanon
LC|LCA|St. Lucia|Saint Lucia
LI|LIE|Liechtenstein
LK|LKA|Sri Lanka
LR|LBR|Liberia
LS|LSO|Lesotho
LT|LTU|Lithuania|Litauen
LU|LUX|Luxembourg|Luxemburg
LV|LVA|Latvia|Lettland
LY|LBY|Libya
MA|MAR|Morocco|Marokko
MC|MCO|Monaco
MD|MDA|Moldova|Republic of Moldova
ME|MNE|Montenegro
MF|MAF|St. Martin|Saint Martin (French Part)|Saint Martin
MG|MDG|Madagascar
MH|MHL|Marshall Islands
MK|MKD|North Macedonia|Macedonia
ML|MLI|Mali
MM|MMR|Myanmar|Burma
MN|MNG|Mongolia
MO|MAC|Macao|China, Macao Special Administrative Region|Macau
MP|MNP|Northern Mariana Islands
MQ|MTQ|Martinique
MR|MRT|Mauritania
MS|MSR|Montserrat
MT|MLT|Malta
MU|MUS|Mauritius
MV|MDV|Maldives
MW|MWI|Malawi
MX|MEX|Mexico|Mexiko|México
MY|MYS|Malaysia
MZ|MOZ|Mozambique
NA|NAM|Namibia
NC|NCL|New Caledonia
NE|NER|Niger
NF|NFK|Norfolk Island
NG|NGA|Nigeria
NI|NIC|Nicaragua
NL|NLD|Netherlands|Holland|The Netherlands|Niederlande|Nederland
NO|NOR|Norway|Norwegen|Norge
NP|NPL|Nepal
NR|NRU|Nauru
NU|NIU|Niue
NZ|NZL|New Zealand
OM|OMN|Oman
PA|PAN|Panama
PE|PER|Peru
PF|PYF|French Polynesia
PG|PNG|Papua New Guinea
PH|PHL|Philippines
PK|PAK|Pakistan
PL|POL|Poland|Polen|Polska
PM|SPM|St. Pierre & Miquelon|Saint Pierre and Miquelon
PN|PCN|Pitcairn
PR|PRI|Puerto Rico
PS|PSE|Palestine|State of Palestine
PT|PRT|Portugal
PW|PLW|Palau
PY|PRY|Paraguay
QA|QAT|Qatar
RE|REU|Réunion
RO|ROU|Romania|Rumänien|Roumanie
RS|SRB|Serbia|Serbien
RU|RUS|Russia|Russian Federation|Russland
RW|RWA|Rwanda
SA|SAU|Saudi Arabia
SB|SLB|Solomon Islands
SC|SYC|Seychelles
SD|SDN|Sudan
SE|SWE|Sweden|Schweden|Sverige
SG|SGP|Singapore
SH|SHN|St. Helena|Saint Helena
SI|SVN|Slovenia|Slowenien
SJ|SJM|Svalbard & Jan Mayen|Svalbard and Jan Mayen Islands
SK|SVK|Slovakia|Slowakei
SL|SLE|Sierra Leone
SM|SMR|San Marino
SN|SEN|Senegal
SO|SOM|Somalia
SR|SUR|Suriname
SS|SSD|South Sudan
ST|STP|São Tomé & Príncipe|Sao Tome and Principe
SV|SLV|El Salvador
SX|SXM|Sint Maarten|Sint Maarten (Dutch part)
SY|SYR|Syria|Syrian Arab Republic
SZ|SWZ|Eswatini|Swaziland
TC|TCA|Turks & Caicos Islands|Turks and Caicos Islands
TD|TCD|Chad
TF|ATF|French Southern Territories
TG|TGO|Togo
TH|THA|Thailand
TJ|TJK|Tajikistan
TK|TKL|Tokelau
TL|TLS|Timor-Leste
TM|TKM|Turkmenistan
TN|TUN|Tunisia
TO|TON|Tonga
TR|TUR|Türkiye|Turkey|Türkei|Turkiye
TT|TTO|Trinidad & Tobago|Trinidad and Tobago
TV|TUV|Tuvalu
TW|TWN|Taiwan
TZ|TZA|Tanzania|United Republic of Tanzania
UA|UKR|Ukraine
UG|UGA|Uganda
UM|UMI|U.S. Outlying Islands|United States Minor Outlying Islands
US|USA|United States|United States of America|U.S.A.|U.S.|America|Vereinigte Staaten|Vereinigte Staaten von Amerika
UY|URY|Uruguay
UZ|UZB|Uzbekistan
VA|VAT|Vatican City|Holy See|Vatican
VC|VCT|St. Vincent & Grenadines|Saint Vincent and the Grenadines
VE|VEN|Venezuela|Venezuela (Bolivarian Republic of)
VG|VGB|British Virgin Islands
VI|VIR|U.S. Virgin Islands|United States Virgin Islands
VN|VNM|Vietnam|Viet Nam
VU|VUT|Vanuatu
WF|WLF|Wallis & Futuna|Wallis and Futuna Islands
WS|WSM|Samoa
YE|YEM|Yemen
YT|MYT|Mayotte
ZA|ZAF|South Africa|Südafrika
ZM|ZMB|Zambia
ZW|ZWE|Zimbabwe
"""

_CODES: dict[str, str] = {}
NAMES: dict[str, str] = {}
for _line in _TABLE.strip().splitlines():
    _code, _three, *_names = _line.split("|")
    NAMES.setdefault(_code, _names[0])
    for _name in filter(None, (_code, _three, *_names)):
        _CODES.setdefault(name_key(_name), _code)


@lru_cache(maxsize=4096)
def parse_country(text: str) -> str:
    """The two-letter code of a country given as a code or by a name.

    :raises ValueProblem: for a name we do not know, with the nearest one as a suggestion.
    """
    key = name_key(text)
    code = _CODES.get(key) or _CODES.get(key.replace(".", ""))
    if code is not None:
        return code
    near = difflib.get_close_matches(key, _CODES, n=1, cutoff=0.82)
    raise ValueProblem("unknown_country", "is not a country we know", suggestion=NAMES[_CODES[near[0]]] if near else "")
