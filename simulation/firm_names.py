"""Names of invented companies: a root made of syllables, the trade in the country's language, the legal form."""

import numpy as np

from simulation.people_names import plain_letters

# Syllables are chosen so that the roots sound local and are not the names of known makers.
_SYLLABLES: dict[str, tuple[str, str]] = {
    "de": (
        "Brenn Vell Quer Wend Kett Drav Lohm Tann Ruhl Gell Fenn Zirb Iser Oderl Murg Kalt Senn Trab Ulm Wisp Eib Dorn",
        "ecker hofer inger ander hagen itzer auer wiger linder brücker etzer ower ental egger",
    ),
    "nl": (
        "Velde Krim Zoet Haven Waal Drecht Boxel Linge Merwe Schel Rijs Tiel Vaart Woud Eem Gouw Noor Peel",
        "kamp dal horst mond stede wijk land brink voort tuin",
    ),
    "nordic": (
        "Ask Bruk Dal Elv Fjell Gran Hav Isel Kvist Lom Myr Norr Ost Ravn Skog Tind Ulv Vind",
        "vik sund heim berga stad mark lid torp nes holma rud",
    ),
    "en": (
        "Alder Bram Carr Dene Elm Farn Garth Hazel Ken Lang Marl Nether Oak Pen Rother Stan Thorn Ux Wen Wray",
        "brook combe dale field gate hurst leigh mere ridge stow thwaite wick worth beck",
    ),
    "fr": (
        "Arv Beau Cler Dour Éti Fresn Grand Lou Mar Niv Orl Pontr Quer Roch Sav Tour Val Vern",
        "ancy bert court ville mont oire elle ières eau andre igny oux",
    ),
    "it": (
        "Albar Berg Calv Dolc Fior Gland Lag Montel Nerv Olt Pav Quar Roncal Sest Torr Val Verz Zan",
        "ago ate ini ello etta ona ari isi ese ico andi oro",
    ),
    "es": (
        "Alc Bel Cant Dur Esp Fuent Guad Hern Jar Lum Mont Nav Ol Pied Rib Sal Torr Val",
        "ares orca izal eda aña ena osa illo ejar uero alba eras",
    ),
    "pt": (
        "Alv Barc Cast Dour Estr Fer Gand Lous Mond Nab Our Pen Quint Rib Sab Tav Val Vim",
        "eiro ela osa ego ais ena oso eda ino al ares eira",
    ),
    "pl": (
        "Brzez Dąbr Gór Jawor Kalin Lip Mod Now Orl Pod Rad Sokol Tarn Wierz Zal Żarn",
        "opol owice ewo anów iec isko owka agóra istal omet",
    ),
    "ja": (
        "Asa Fuka Hino Iwa Kiri Kuro Miya Naga Oka Shira Taka Tsuki Uchi Yama Zen Hoshi",
        "mori sawa kawa no hara zaki tani mine oka se",
    ),
}
_ROOTS = {language: (starts.split(), ends.split()) for language, (starts, ends) in _SYLLABLES.items()}

_TRADES: dict[str, dict[str, list[str]]] = {
    "de": {
        "Mobility": ["Fahrzeugtechnik", "Antriebe", "Leichtfahrzeuge"],
        "Process industries": ["Verfahrenstechnik", "Chemieanlagen", "Pumpen"],
        "Buildings and HVAC": ["Klimatechnik", "Lüftungsbau", "Gebäudetechnik"],
        "Marine": ["Schiffstechnik", "Werft", "Deckmaschinen"],
        "Packaging": ["Verpackungstechnik", "Abfülltechnik", "Etikettiersysteme"],
        "Robotics": ["Automation", "Robotik", "Handhabungstechnik"],
    },
    "nl": {
        "Mobility": ["Voertuigen", "E-Bikes"],
        "Process industries": ["Procestechniek", "Pompen"],
        "Buildings and HVAC": ["Klimaattechniek", "Installaties"],
        "Marine": ["Scheepswerf", "Maritiem"],
        "Packaging": ["Verpakkingen", "Vultechniek"],
        "Robotics": ["Automatisering", "Robotica"],
    },
    "nordic": {
        "Mobility": ["Mobilitet", "Fordon"],
        "Process industries": ["Process", "Pumpteknik"],
        "Buildings and HVAC": ["Klimat", "Ventilation"],
        "Marine": ["Marin", "Varv"],
        "Packaging": ["Emballage", "Pack"],
        "Robotics": ["Automation", "Robotteknik"],
    },
    "en": {
        "Mobility": ["Vehicles", "Rail Systems", "E-Mobility"],
        "Process industries": ["Process Engineering", "Chemicals", "Pumps"],
        "Buildings and HVAC": ["Air Systems", "Building Controls", "Climate"],
        "Marine": ["Marine", "Shipyard", "Winches"],
        "Packaging": ["Packaging", "Filling Systems", "Labelling"],
        "Robotics": ["Automation", "Robotics", "Handling"],
        "Food processing": ["Foods Equipment", "Bakery Systems", "Dairy Machinery"],
        "Mining": ["Mining", "Crushing", "Minerals"],
        "Agriculture": ["Farm Machinery", "Irrigation", "Harvesters"],
        "Medical devices": ["Medical", "Lab Instruments", "Imaging"],
        "Warehousing": ["Conveyors", "Storage Systems", "Material Handling"],
        "Energy": ["Wind Services", "Turbines", "Power Systems"],
    },
    "fr": {
        "Mobility": ["Mobilité", "Véhicules"],
        "Process industries": ["Procédés", "Pompes"],
        "Buildings and HVAC": ["Climatisation", "Génie Climatique"],
        "Marine": ["Chantier Naval", "Marine"],
        "Packaging": ["Emballages", "Conditionnement"],
        "Robotics": ["Automatismes", "Robotique"],
    },
    "it": {
        "Mobility": ["Veicoli", "Mobilità"],
        "Process industries": ["Impianti", "Pompe"],
        "Buildings and HVAC": ["Climatizzazione", "Ventilazione"],
        "Marine": ["Cantieri", "Nautica"],
        "Packaging": ["Imballaggi", "Confezionatrici"],
        "Robotics": ["Automazione", "Robotica"],
    },
    "es": {
        "Mobility": ["Movilidad", "Vehículos"],
        "Process industries": ["Procesos", "Bombas"],
        "Buildings and HVAC": ["Climatización", "Instalaciones"],
        "Marine": ["Astilleros", "Naval"],
        "Packaging": ["Envases", "Embalajes"],
        "Robotics": ["Automatización", "Robótica"],
    },
    "pt": {
        "Mobility": ["Mobilidade", "Veículos"],
        "Process industries": ["Processos", "Bombas"],
        "Buildings and HVAC": ["Climatização", "Ventilação"],
        "Marine": ["Estaleiros", "Naval"],
        "Packaging": ["Embalagens", "Enchimento"],
        "Robotics": ["Automação", "Robótica"],
    },
    "pl": {
        "Mobility": ["Pojazdy", "Mobilność"],
        "Process industries": ["Instalacje", "Pompy"],
        "Buildings and HVAC": ["Klimatyzacja", "Wentylacja"],
        "Marine": ["Stocznia", "Osprzęt Okrętowy"],
        "Packaging": ["Opakowania", "Etykiety"],
        "Robotics": ["Automatyka", "Robotyka"],
    },
    "ja": {
        "Mobility": ["Mobility", "Vehicle"],
        "Process industries": ["Process", "Pump Works"],
        "Buildings and HVAC": ["Air Conditioning", "Building Systems"],
        "Marine": ["Marine", "Shipbuilding"],
        "Packaging": ["Packaging Machinery", "Pack"],
        "Robotics": ["Robotics", "Automation"],
    },
}

LEGAL_FORMS: dict[str, list[str]] = {
    "DE": ["GmbH", "GmbH", "GmbH & Co. KG", "AG"],
    "AT": ["GmbH"],
    "CH": ["AG"],
    "NL": ["B.V."],
    "BE": ["NV", "BV"],
    "SE": ["AB"],
    "DK": ["A/S", "ApS"],
    "FI": ["Oy"],
    "GB": ["Ltd", "Ltd", "plc"],
    "IE": ["Ltd"],
    "FR": ["SAS", "SA", "SARL"],
    "IT": ["S.r.l.", "S.p.A."],
    "ES": ["S.L.", "S.A."],
    "PT": ["Lda", "S.A."],
    "PL": ["Sp. z o.o."],
    "US": ["Inc.", "LLC", "Corp."],
    "CA": ["Inc.", "Ltd"],
    "JP": ["K.K.", "Co., Ltd."],
}

# Makers that a reader would recognise; no root may equal one of them.
KNOWN_MAKERS = frozenset(
    (
        "abb bosch siemens festo lenze sew danfoss schneider omron fanuc yaskawa mitsubishi honeywell emerson parker "
        "eaton rexroth kuka krones gea sick ifm balluff turck beckhoff wago weidmuller phoenix sulzer wilo "
        "grundfos ksb voith wittenstein bonfiglioli stober baumuller heidenhain kollmorgen rockwell timken skf nsk ntn"
    ).split()
)


class FirmNames:
    """Gives out company names and their short forms; no short form is given twice, nor by two batches.

    Batches after the first can't know the names of the others, so founders' initials keep them apart: two, or three
    from the 26th batch on ("K. L. Vellander Klimatechnik GmbH"), whose distance in the alphabet is the batch's own.
    """

    def __init__(self, rng: np.random.Generator, *, batch: int = 0) -> None:
        self._rng = rng
        self._taken: set[str] = set()
        self._distances: list[int] = []
        while batch:
            batch, distance = divmod(batch, 26)
            self._distances.append(distance)

    def root(self, language: str) -> str:
        """Return an invented root that sounds like the language."""
        starts, ends = _ROOTS[language]
        while True:
            start = starts[self._rng.integers(len(starts))]
            end = ends[self._rng.integers(len(ends))]
            if start[-1] == end[0]:  # "Alcc…" or "Dalland" would look like a slip of the pen
                end = end[1:]
            if plain_letters(start + end) not in KNOWN_MAKERS:
                return start + end

    def firm(self, language: str, country: str, industry: str) -> tuple[str, str]:
        """Return a full name ("Vellander Klimatechnik GmbH") and the unique short form for its web address."""
        forms = LEGAL_FORMS[country]
        for attempt in range(2000):
            root = self.root(language)
            if attempt > 8:  # the country's roots are used up: two families merged
                root = f"{root}-{self.root(language)}"
            root = self._initials() + root
            trade = self._trade(language, industry)
            short = plain_letters(f"{root} {trade}")
            if short not in self._taken:
                self._taken.add(short)
                return f"{root} {trade} {forms[self._rng.integers(len(forms))]}", short
        raise AssertionError(f"no free company name left for {country}, {industry}")

    def plant(self, group: str, city: str, country: str) -> tuple[str, str] | None:
        """Return the name of a group's company in a city, or none when the group has one there already."""
        forms = LEGAL_FORMS[country]
        short = plain_letters(f"{group} {city}")
        if short in self._taken:
            return None
        self._taken.add(short)
        return f"{group} {city} {forms[self._rng.integers(len(forms))]}", short

    def _initials(self) -> str:
        if not self._distances:
            return ""
        first = int(self._rng.integers(26))
        return "".join(f"{chr(ord('A') + (first + distance) % 26)}. " for distance in (0, *self._distances))

    def _trade(self, language: str, industry: str) -> str:
        trades = _TRADES[language].get(industry) or _TRADES["en"].get(industry) or [industry]
        return trades[self._rng.integers(len(trades))]
