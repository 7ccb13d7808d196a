"""What makes one simulated company differ from another: industries, regions, squads, products, people to sign in as."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Family:
    """A product family and its list prices in the company's currency."""

    business_unit: str
    name: str
    code: str
    item: str  # "Servo drive SD {}", completed by the type
    types: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Region:
    """A sales region: its countries and how reliably it delivers."""

    name: str
    countries: tuple[str, ...]
    share_late: float  # of the orders, shipped after the promised date
    days_late: int  # at most


@dataclass(frozen=True)
class Persona:
    """One of the people that the demo lets you sign in as."""

    key: str  # the part of the address before the @
    name: str
    role: str
    title: str
    place: str  # "company", "tribe:<code>" or "squad:<number>"


@dataclass(frozen=True)
class CompanyProfile:
    """Everything about a company that is not drawn at random."""

    key: str
    name: str
    currency: str
    time_zone: str
    currency_mix: dict[str, float]
    industries: tuple[str, ...]
    regions: tuple[Region, ...]
    squads: tuple[tuple[str, str], ...]  # name, industry it serves first
    families: tuple[Family, ...]
    personas: tuple[Persona, ...] = field(default=())


DRIVES = CompanyProfile(
    key="drives",
    name="Acme Drives",
    currency="EUR",
    time_zone="Europe/Berlin",
    currency_mix={"EUR": 0.84, "GBP": 0.06, "CHF": 0.05, "USD": 0.03, "JPY": 0.02},
    industries=("Mobility", "Process industries", "Buildings and HVAC", "Marine", "Packaging", "Robotics"),
    regions=(
        Region("Central", ("DE", "AT", "CH", "PL"), share_late=0.07, days_late=5),
        Region("North", ("NL", "BE", "SE", "DK", "FI", "GB", "IE"), share_late=0.08, days_late=5),
        Region("South", ("FR", "IT", "ES", "PT"), share_late=0.38, days_late=18),
        Region("Overseas", ("US", "JP"), share_late=0.10, days_late=8),
    ),
    squads=(
        ("Mobility", "Mobility"),
        ("Process industries", "Process industries"),
        ("Buildings and HVAC", "Buildings and HVAC"),
        ("Marine", "Marine"),
        ("Packaging", "Packaging"),
        ("Robotics", "Robotics"),
    ),
    families=(
        Family(
            "Drives",
            "Servo drives",
            "SD",
            "Servo drive SD {}",
            (("0.4 kW", 640), ("0.75 kW", 790), ("1.5 kW", 1120), ("3 kW", 1680), ("5.5 kW", 2450)),
        ),
        Family(
            "Drives",
            "Gear motors",
            "GM",
            "Gear motor GM {}",
            (("40 Nm", 310), ("90 Nm", 420), ("200 Nm", 690), ("450 Nm", 1180), ("900 Nm", 1950)),
        ),
        Family(
            "Drives",
            "Frequency inverters",
            "FI",
            "Frequency inverter FI {}",
            (("1.1 kW", 285), ("4 kW", 540), ("11 kW", 1240), ("37 kW", 3650), ("90 kW", 7900)),
        ),
        Family(
            "Drives",
            "Linear actuators",
            "LA",
            "Linear actuator LA {}",
            (("200 mm", 380), ("400 mm", 465), ("800 mm", 720), ("1600 mm", 1290)),
        ),
        Family(
            "Sensors",
            "Torque sensors",
            "TS",
            "Torque sensor TS {}",
            (("20 Nm", 540), ("100 Nm", 690), ("500 Nm", 980), ("2 kNm", 1640)),
        ),
        Family(
            "Sensors",
            "Encoders",
            "EN",
            "Encoder EN {}",
            (("1024 lines", 118), ("17 bit", 205), ("23 bit", 340), ("safety", 465)),
        ),
        Family(
            "Sensors",
            "Vibration sensors",
            "VS",
            "Vibration sensor VS {}",
            (("one axis", 145), ("three axes", 260), ("wireless", 390), ("explosion proof", 640)),
        ),
        Family(
            "Services",
            "Commissioning",
            "CO",
            "Commissioning, {}",
            (("one day", 1450), ("one line", 6800), ("one site", 18500)),
        ),
        Family(
            "Services",
            "Condition monitoring",
            "CM",
            "Condition monitoring, {}",
            (("10 drives, one year", 3900), ("50 drives, one year", 14500), ("site, one year", 36000)),
        ),
        Family(
            "Services",
            "Spare parts and repair",
            "SP",
            "Spare parts kit, {}",
            (("seals and bearings", 95), ("electronics", 480), ("exchange drive", 1350)),
        ),
    ),
    personas=(
        Persona("leader", "Ingrid Solberg", "leader", "Chief sales officer", "company"),
        Persona("squadlead", "Mara Lindqvist", "squad_lead", "Squad lead and account manager", "squad:0"),
        Persona("member", "Tomás Ferreira", "member", "Account manager", "squad:0"),
        Persona("coach", "Ruth Adeyemi", "coach", "Sales coach", "tribe:excellence"),
        Persona("expert", "Wei Chen", "expert", "Mobility expert", "tribe:experts"),
        Persona("analyst", "Priya Nair", "analyst", "Commercial analyst", "tribe:excellence"),
        Persona("admin", "Jonas Weber", "admin", "Head of sales operations", "company"),
        Persona("auditor", "Claire Dumont", "auditor", "Internal auditor", "company"),
    ),
)

HYDRAULICS = CompanyProfile(
    key="hydraulics",
    name="Globex Hydraulics",
    currency="USD",
    time_zone="America/Chicago",
    currency_mix={"USD": 0.92, "CAD": 0.08},
    industries=("Food processing", "Mining", "Agriculture", "Medical devices", "Warehousing", "Energy"),
    regions=(
        Region("Midwest", ("US", "CA"), share_late=0.06, days_late=4),
        Region("South", ("US",), share_late=0.09, days_late=6),
        Region("West", ("US", "CA"), share_late=0.30, days_late=15),
        Region("East", ("US", "CA"), share_late=0.08, days_late=5),
    ),
    squads=(("Heavy equipment", "Mining"), ("Food and health", "Food processing")),
    families=(
        Family(
            "Power",
            "Hydraulic pumps",
            "HP",
            "Hydraulic pump HP {}",
            (("16 cc", 520), ("28 cc", 740), ("45 cc", 1150), ("90 cc", 2380), ("140 cc", 3900)),
        ),
        Family(
            "Power",
            "Cylinders",
            "CY",
            "Cylinder CY {}",
            (("50 mm", 240), ("80 mm", 395), ("125 mm", 870), ("200 mm", 2150)),
        ),
        Family(
            "Power",
            "Power units",
            "PU",
            "Power unit PU {}",
            (("5 hp", 2850), ("15 hp", 5600), ("40 hp", 13200)),
        ),
        Family(
            "Controls",
            "Proportional valves",
            "PV",
            "Proportional valve PV {}",
            (("size 6", 480), ("size 10", 810), ("size 16", 1490), ("size 25", 2600)),
        ),
        Family(
            "Controls",
            "Pressure sensors",
            "PS",
            "Pressure sensor PS {}",
            (("100 bar", 95), ("400 bar", 130), ("sanitary", 265)),
        ),
        Family("Field services", "Seal kits", "SK", "Seal kit, {}", (("pump", 68), ("cylinder", 42), ("valve", 36))),
        Family(
            "Field services",
            "Fluid service",
            "FS",
            "Fluid service, {}",
            (("sample plan", 900), ("flush and refill", 4200), ("site, one year", 21000)),
        ),
    ),
    personas=(Persona("leader", "Samuel Ortega", "leader", "Vice president of sales", "company"),),
)

PROFILES: dict[str, CompanyProfile] = {profile.key: profile for profile in (DRIVES, HYDRAULICS)}
