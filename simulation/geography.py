"""Countries in which simulated customers sit: language, currency, cities, and telephone numbers kept for fiction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """What a customer's address needs to know of a country."""

    code: str
    language: str  # of people's and companies' names
    currency: str
    cities: tuple[str, ...]
    fictional_phone: str = ""  # "{}" takes a number below 100; a range that regulators keep free for plays and films


_GERMAN_CITIES = tuple(
    (
        "Bielefeld Bremen Chemnitz Dortmund Dresden Hamburg Heilbronn Kassel Köln Mannheim München Nürnberg Osnabrück "
        "Paderborn Rostock Schweinfurt Stuttgart Ulm"
    ).split()
)

COUNTRIES: dict[str, Country] = {
    country.code: country
    for country in (
        Country(
            "DE",
            "de",
            "EUR",
            _GERMAN_CITIES,
            "+49 30 23125 {:03d}",
        ),
        Country("AT", "de", "EUR", ("Graz", "Linz", "Salzburg", "Steyr", "Wels", "Wien")),
        Country("CH", "de", "CHF", ("Baden", "Basel", "Bern", "Schaffhausen", "Winterthur", "Zürich")),
        Country("NL", "nl", "EUR", ("Arnhem", "Delft", "Eindhoven", "Enschede", "Rotterdam", "Utrecht", "Zwolle")),
        Country("BE", "nl", "EUR", ("Antwerpen", "Brugge", "Genk", "Gent", "Hasselt", "Leuven")),
        Country("SE", "nordic", "EUR", ("Göteborg", "Jönköping", "Linköping", "Malmö", "Örebro", "Västerås")),
        Country("DK", "nordic", "EUR", ("Aarhus", "Esbjerg", "Kolding", "Odense", "Aalborg")),
        Country("FI", "nordic", "EUR", ("Lahti", "Oulu", "Tampere", "Turku", "Vaasa")),
        Country(
            "GB",
            "en",
            "GBP",
            ("Birmingham", "Bristol", "Coventry", "Derby", "Leeds", "Sheffield", "Southampton"),
            "+44 20 7946 0{:03d}",
        ),
        Country("IE", "en", "EUR", ("Cork", "Galway", "Limerick")),
        Country("FR", "fr", "EUR", ("Grenoble", "Lille", "Lyon", "Metz", "Nantes", "Toulouse"), "+33 1 99 00 1{:03d}"),
        Country("IT", "it", "EUR", ("Bergamo", "Bologna", "Brescia", "Modena", "Padova", "Torino", "Vicenza")),
        Country("ES", "es", "EUR", ("Barcelona", "Bilbao", "Valencia", "Vigo", "Zaragoza", "Vitoria")),
        Country("PT", "pt", "EUR", ("Aveiro", "Braga", "Leiria", "Porto", "Setúbal")),
        Country("PL", "pl", "EUR", ("Gdańsk", "Gliwice", "Łódź", "Poznań", "Rzeszów", "Wrocław")),
        Country(
            "US",
            "en",
            "USD",
            (
                "Akron",
                "Charlotte",
                "Cincinnati",
                "Columbus",
                "Des Moines",
                "Fort Worth",
                "Grand Rapids",
                "Kansas City",
                "Milwaukee",
                "Omaha",
                "Peoria",
                "Pittsburgh",
                "Rockford",
                "St. Louis",
                "Toledo",
                "Tulsa",
            ),
            "+1 312 555 01{:02d}",
        ),
        Country("CA", "en", "CAD", ("Calgary", "Hamilton", "London", "Mississauga", "Windsor", "Winnipeg")),
        Country("JP", "ja", "JPY", ("Hamamatsu", "Kobe", "Nagoya", "Okayama", "Osaka", "Yokohama")),
    )
}

# Units of a currency for one euro: only to draw amounts of a believable size, never to convert anything.
UNITS_PER_EURO: dict[str, float] = {"EUR": 1.0, "GBP": 0.86, "CHF": 0.95, "USD": 1.09, "JPY": 162.0, "CAD": 1.48}
