"""Names of invented people: common first and family names of a country, combined at random."""

import unicodedata
from collections.abc import Iterator

import numpy as np

_FIRST_NAMES: dict[str, str] = {
    "de": (
        "Anke Birgit Carla Doris Elke Franziska Greta Hanna Ines Jana Katrin Lea Marlene Nadine Petra Sabine "
        "Tanja Ulrike Achim Bernd Christian Dirk Emil Felix Georg Holger Jens Kai Lukas Matthias Niklas "
        "Oliver Ralf Stefan Thomas Uwe"
    ),
    "nl": (
        "Anouk Bente Carlijn Eline Femke Hanneke Inge Joke Lotte Marit Nienke Roos Sanne Tessa Wendy Arjen "
        "Bram Daan Dirk Gijs Hendrik Jeroen Joost Koen Lars Maarten Niels Pieter Ruben Sander Teun Wouter"
    ),
    "nordic": (
        "Aino Astrid Birgitta Elin Freja Hanne Ingrid Karin Kirsten Linnea Maja Mette Riikka Sigrid Solveig "
        "Tuula Anders Bjarne Erik Fredrik Gunnar Henrik Jesper Juha Lars Magnus Mikael Nils Olav Per Rasmus "
        "Sven Timo"
    ),
    "en": (
        "Abigail Beth Caroline Deborah Emma Fiona Gemma Heather Imogen Joanna Kate Laura Megan Nicola Rachel "
        "Siobhan Adrian Ben Callum Declan Edward Gareth Hugh Ian James Keith Liam Martin Neil Patrick Robert "
        "Simon Tom Will"
    ),
    "fr": (
        "Agnès Brigitte Camille Delphine Élodie Florence Hélène Isabelle Julie Laure Manon Nathalie Pauline "
        "Sophie Valérie Alain Bruno Cédric Didier Étienne Fabien Gilles Hugo Jérôme Laurent Mathieu Nicolas "
        "Olivier Rémi Thierry Yann"
    ),
    "it": (
        "Alessia Barbara Chiara Daniela Elena Federica Giulia Ilaria Lucia Marta Paola Rossella Silvia Teresa "
        "Valentina Andrea Bruno Claudio Dario Enrico Fabio Giorgio Luca Marco Nicola Paolo Riccardo Sandro "
        "Tommaso Vittorio"
    ),
    "es": (
        "Alba Beatriz Carmen Elena Inés Irene Laura Leticia Marta Noelia Nuria Pilar Raquel Rocío Silvia "
        "Teresa Alberto Carlos Diego Emilio Francisco Gonzalo Iván Javier Jorge Luis Manuel Óscar Pablo "
        "Rafael Sergio Tomás"
    ),
    "pt": (
        "Ana Beatriz Catarina Cristina Filipa Helena Inês Joana Leonor Mariana Paula Rita Sara Sofia Teresa "
        "André Bruno Carlos Duarte Filipe Gonçalo Hugo João Luís Miguel Nuno Paulo Ricardo Rui Tiago Vasco"
    ),
    "pl": (
        "Agata Barbara Dorota Ewa Hanna Iwona Joanna Kinga Magda Natalia Olga Renata Sylwia Urszula Zofia "
        "Adam Bartosz Dariusz Filip Grzegorz Jacek Kamil Krzysztof Maciej Marek Paweł Piotr Rafał Szymon "
        "Tomasz"
    ),
    "ja": (
        "Akiko Ayumi Chika Emi Haruka Keiko Mai Megumi Naoko Rie Sakura Tomoko Yuki Yumi Akira Daisuke "
        "Hiroshi Jun Kazuo Kenji Makoto Naoki Ryo Satoshi Shinji Takashi Tetsuya Yusuke"
    ),
}

_FAMILY_NAMES: dict[str, str] = {
    "de": (
        "Albrecht Arnold Bachmann Beck Brandt Dietrich Eberhardt Ernst Fink Franke Friedrich Gebhardt Graf "
        "Haas Hartmann Heinrich Herrmann Hofmann Horn Jansen Kaiser Keller Kern Krüger Kuhn Lang Lorenz "
        "Ludwig Maurer Neumann Otto Paulsen Pohl Reuter Ritter Roth Sauer Schreiber Schuster Seidel Stark "
        "Thiele Vogt Voss Walther Weber Winkler Ziegler"
    ),
    "nl": (
        "Bakker Boersma Bos Brouwer Dekker Dijkstra Hermans Hoekstra Huisman Jacobs Janssens Kok Koster "
        "Kuipers Maes Meijer Mertens Mulder Peeters Postma Prins Schouten Smeets Timmermans Veenstra "
        "Verhoeven Vermeulen Visser Vos Willems"
    ),
    "nordic": (
        "Ahlgren Andersen Bergman Björk Dahl Eklund Forsberg Hansen Heikkinen Holm Iversen Jensen Karlsson "
        "Korhonen Laine Larsen Lindqvist Lund Mäkinen Nyberg Nygaard Olsson Pedersen Rask Sandberg Solberg "
        "Strand Sundström Vestergaard Wikström"
    ),
    "en": (
        "Ashworth Barlow Bennett Brennan Carver Coleman Crawford Dalton Doyle Ellison Fletcher Gallagher "
        "Hargreaves Hayes Holt Jarvis Kearney Lawson Mercer Nolan Osborne Palmer Quinn Reeves Sinclair Sutton "
        "Thorne Underhill Walsh Whitfield Yates"
    ),
    "fr": (
        "Aubert Barbier Benoît Boucher Carpentier Chevalier Colin Delorme Dumont Fontaine Gaillard Gauthier "
        "Girard Guérin Henry Lacroix Lambert Lefort Lemaire Marchand Masson Mercier Noël Perrin Picard Renard "
        "Rolland Roussel Tessier Vasseur"
    ),
    "it": (
        "Barbieri Basile Bellini Benedetti Caruso Conti Costa D'Angelo Fabbri Farina Ferri Fontana Galli "
        "Giordano Grassi Leone Lombardi Mancini Marchetti Moretti Neri Palumbo Pellegrini Rinaldi Rizzo Sanna "
        "Serra Testa Valentini Villa"
    ),
    "es": (
        "Aguilar Alonso Blanco Bravo Cabrera Campos Castro Delgado Durán Fuentes Gallego Garrido Herrero "
        "Ibáñez Iglesias Lozano Marín Medina Molina Navarro Ortega Pascual Prieto Ramos Rubio Serrano Soler "
        "Vega Vidal Zamora"
    ),
    "pt": (
        "Almeida Antunes Azevedo Barros Cardoso Carvalho Coelho Correia Cunha Esteves Faria Ferreira "
        "Figueiredo Freitas Leite Machado Magalhães Marques Matos Moreira Nogueira Pacheco Pinto Ramalho "
        "Rocha Tavares Teixeira Vaz Vieira"
    ),
    "pl": (
        "Adamczyk Baran Borkowski Czarnecki Dudek Gajewski Górski Jankowski Kaczmarek Kalinowski Kozak "
        "Krajewski Kubiak Lis Majewski Malinowski Mazur Nowicki Olszewski Pawlak Piątek Rutkowski Sikora "
        "Sobczak Stępień Urban Walczak Wilk Zając"
    ),
    "ja": (
        "Abe Aoki Arai Endo Fujita Fukuda Goto Hara Hasegawa Ikeda Inoue Ishii Kaneko Kondo Maeda Matsui "
        "Miura Mori Murakami Nakano Nishimura Ogawa Okada Ota Saito Sakai Shimizu Ueda Wada Yamaguchi"
    ),
}

FIRST_NAMES = {culture: names.split() for culture, names in _FIRST_NAMES.items()}
FAMILY_NAMES = {culture: names.split() for culture, names in _FAMILY_NAMES.items()}

# Letters that do not come apart into a base letter and an accent.
_SINGLE_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "Ł": "L", "æ": "ae", "Ø": "O"})


def plain_letters(text: str) -> str:
    """Return the text in lower-case ASCII letters, digits and hyphens, as addresses need it."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_SINGLE_LETTERS))
    kept = "".join(c if c.isascii() and c.isalnum() else "-" if c in " -.,&/" else "" for c in decomposed)
    return "-".join(part for part in kept.lower().split("-") if part)


class PeopleNames:
    """Gives out first and family names, one pair for each person, as good as never twice."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._cultures = list(FIRST_NAMES)

    def of(self, culture: str, count: int) -> Iterator[tuple[str, str]]:
        """Yield `count` pairs of first and family name; one in eight people comes from somewhere else."""
        elsewhere = self._rng.random(count) < 0.12
        others = self._rng.integers(len(self._cultures), size=count)
        firsts = self._rng.random(count)
        families = self._rng.random(count)
        for i in range(count):
            home = self._cultures[others[i]] if elsewhere[i] else culture
            first = FIRST_NAMES[home][int(firsts[i] * len(FIRST_NAMES[home]))]
            yield first, FAMILY_NAMES[home][int(families[i] * len(FAMILY_NAMES[home]))]

    def distinct(self, cultures: list[str], taken: set[str]) -> list[tuple[str, str]]:
        """Return one pair for each culture, none of which is in `taken` or given twice while there are others left."""
        given: list[tuple[str, str]] = []
        seen = set(taken)
        used_up: set[str] = set()  # in a company of thousands some share a name
        for culture in cultures:
            for _ in range(1 if culture in used_up else 1000):
                first, family = next(self.of(culture, 1))
                if f"{first} {family}" not in seen:
                    break
            else:
                used_up.add(culture)
            seen.add(f"{first} {family}")
            given.append((first, family))
        return given
