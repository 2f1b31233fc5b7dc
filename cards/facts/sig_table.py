"""The closed word table of the sig reader: phrases, what kind of token each makes, and its value."""

from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

_NUMBERS = (
    "one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 fourteen=14 "
    "i=1 ii=2 iii=3 t=1 tt=2 ttt=3 half=0.5 ss=0.5"
)
# hours, except for months and years whose length no dose depends on
_TIMES = (
    "h=1 hr=1 hrs=1 hour=1 hours=1 min=1/60 mins=1/60 minute=1/60 minutes=1/60 d=24 day=24 days=24 nights=24 "
    "wk=168 wks=168 week=168 weeks=168 month=720 months=720 mo=720 mos=720 year=8760 years=8760"
)
_ADVERBS = "daily=24 weekly=168 monthly=720 hourly=1 hrly=1 hly=1"

# kind -> phrases, separated by " | "; a value follows "=".
_PHRASES: dict[str, str] = {
    "number": " | ".join(_NUMBERS.split()) + " | one half=0.5 | one and a half=1.5 | one and one half=1.5",
    "time": " | ".join(_TIMES.split()),
    "adverb": " | ".join(_ADVERBS.split()) + " | every other day=48 | every second day=48 | alternate days=48"
    " | on alternate days=48 | every alternate day=48 | every other night=48 | every other week=336 | each day=24"
    " | every day=24 | every week=168 | each week=168 | every month=720 | each month=720 | every hour=1",
    "a-time": "a day=24 | per day=24 | a week=168 | per week=168 | a month=720 | per month=720 | per hour=1",
    "count": "once=1 | twice=2 | thrice=3",
    "times": "times | time",
    "x": "x",
    "every": "every | each | q | once every=1",
    "per": "per | in | within | into | in a | in any | within a | out of",
    "a": "a | an",
    "part": "in the morning=morning | in am=morning | in the am=morning | in morning=morning"
    " | every morning=morning | each morning=morning"
    " | morning=morning | mornings=morning | mane=morning | am=morning | qam=morning | on waking=morning"
    " | with breakfast=morning | at breakfast=morning | before breakfast=morning | after breakfast=morning"
    " | at noon=noon | noon=noon | midday=noon | at midday=noon | with lunch=noon | at lunch=noon"
    " | before lunch=noon | after lunch=noon | at lunchtime=noon | lunchtime=noon | q noon=noon"
    " | in the afternoon=afternoon | afternoon=afternoon | every afternoon=afternoon | each afternoon=afternoon"
    " | in the evening=evening | in pm=evening | in the pm=evening | evening=evening | evenings=evening"
    " | every evening=evening | each evening=evening"
    " | pm=evening | qpm=evening | with dinner=evening | at dinner=evening | before dinner=evening"
    " | after dinner=evening | with supper=evening | at supper=evening | with evening meal=evening"
    " | qevening=evening | at teatime=evening | teatime=evening | q evening=evening | q am=morning | q pm=evening"
    " | at bedtime=bedtime | bedtime=bedtime | before bed=bedtime | before bedtime=bedtime | hs=bedtime"
    " | qhs=bedtime | q hs=bedtime | at hs=bedtime | nocte=bedtime | noct=bedtime | at night=bedtime"
    " | every night=bedtime | at night time=bedtime | at nighttime=bedtime | nightly=bedtime | night=bedtime"
    " | every bedtime=bedtime | every night at bedtime=bedtime | nightly at bedtime=bedtime | q bedtime=bedtime"
    " | at bed time=bedtime | before sleep=bedtime | each night=bedtime | q night=bedtime | to sleep=bedtime"
    " | with meals=meals | with each meal=meals | with every meal=meals | at meals=meals | ac=meals | pc=meals"
    " | before meals=meals | after meals=meals | before each meal=meals | after each meal=meals"
    " | at mealtimes=meals"
    " | before food=food | after food=food",
    "then": "titrate to | titrate up to | titrating to | titrating up to | then titrate to"
    " | then titrate up to | then | and then | than | and than | thereafter | and thereafter | followed by"
    " | after that | afterwards"
    " | increase to | then increase to | increasing to | may increase to | can increase to | and increase to"
    " | reduce to | then reduce to | decrease to | then decrease to | taper to | then take | and then take"
    " | then continue"
    " | then thereafter | and increase dose to | then increase dose to",
    "and": "and | plus | et",
    "or": "or",
    "dash": "to",
    "for": "for | for the first | for the next | for another | for a total of | duration",
    "prn": "prn | as needed | as required | when needed | when required | if needed | if required | as necessary"
    " | only as needed | only if needed | only when needed | only prn | if necessary | when necessary | as need",
    "open": "as directed | uad | ud | ut dict | as instructed | as advised | as prescribed | as tolerated | titrate"
    " | titrate to effect | titrate as directed | titrate as needed | titrate as tolerated | titrated"
    " | per md | per provider | per doctor | per physician | per protocol | sliding scale | per sliding scale"
    " | increase as tolerated | increase as directed | see instructions | see attached | see notes"
    " | taper as directed"
    " | slowly titrate | titrate to response | and titrate | may titrate",
    "after": "after",
    "supply": "disp | dispense | # | qty | quantity | refills | refill | supply",
    "hold": "hold | on hold | hold medication | hold dose | hold until further notice | hold for now",
    "fill-hold": "hold for sedation | hold if sedated | hold if drowsy | hold for drowsiness | hold if oversedated"
    " | hold for oversedation | hold if confused | hold for confusion",
    "max": "max | maximum | max of | maximum of | max dose | maximum dose | not to exceed | nte | do not exceed"
    " | no more than | not more than | do not take more than | never more than | to a maximum of"
    " | up to a maximum of"
    " | up to a max of | limit | do not exceed more than | maximum dosage | max dose of | maximum dose of"
    " | to a max of"
    " | max daily dose=24 | maximum daily dose=24 | mdd=24 | max daily=24 | daily max=24 | max daily dose of=24"
    " | maximum daily dose of=24 | daily maximum=24 | max per day=24 | total daily dose not to exceed=24",
    "up-to": "up to | upto | as many as",
    "divided": "divided | div | divided into | in divided | split | split into | divided in",
    "dose": "dose | doses | dosage | administration | administrations",
    "repeat": "may repeat | can repeat | repeat | may be repeated",
    "once-only": "stat | now | one time dose | single dose | as a single dose | one time only | once only"
    " | as one dose"
    " | at once | x one dose | one dose only | one dose",
    "event": "after dialysis | after each dialysis | after every dialysis | post dialysis | after hemodialysis"
    " | after haemodialysis | after each hemodialysis | after each haemodialysis | after hd | post hd"
    " | after each dialysis session | after each hd session | on dialysis days | on hd days | after each hd"
    " | following dialysis | following each dialysis | after each hemodialysis session | on days of dialysis"
    " | after dialysis on dialysis days | after hd on hd days | after dialysis session | before dialysis",
    "wear-for": "remove after | leave on | leave in place | wear | wear for | leave on for"
    " | leave in place for | worn for",
    "off": "off | off for | then off | then off for | then remove for | remove for",
    "change": "change | replace | changed | replaced | change patch | replace patch",
    "weekday": "monday=mon | mondays=mon | mon=mon | tuesday=tue | tuesdays=tue | tue=tue | tues=tue"
    " | wednesday=wed"
    " | wednesdays=wed | wed=wed | thursday=thu | thursdays=thu | thu=thu | thur=thu | thurs=thu | friday=fri"
    " | fridays=fri | fri=fri | saturday=sat | saturdays=sat | sat=sat | sunday=sun | sundays=sun | sun=sun"
    " | mwf=mon wed fri | tts=tue thu sat | tths=tue thu sat | weekdays=mon tue wed thu fri | weekends=sat sun",
    "on": "on",
    "of": "of",
    "at": "at",
    "fill": "take | takes | taken | taking | give | given | use | apply | applied | place | administer"
    " | inhale | swallow"
    " | chew | insert | instill | inject | the | by mouth | mouth | orally | oral | po | per os | by oral route"
    " | via oral route | route | iv | im | sc | subcut | topically | topical | transdermally | transdermal"
    " | rectally"
    " | patient to take | to be taken | to be applied | please take | by | whole | with | food | water | with food"
    " | with a meal | with or without food | with a full glass of water | with plenty of water | with a snack"
    " | without food | on an empty stomach | do not crush | do not crush or chew | do not chew | do not open"
    " | do not break crush or chew | swallow whole | do not drive | avoid alcohol | may cause drowsiness"
    " | may cause dizziness | caution drowsiness | do not stop suddenly | do not stop abruptly | total"
    " | total of | dose of"
    " | total dose | total daily dose | approximately | about | exactly | skin | to skin | to the skin | intact"
    " | intact skin | clean dry skin | affected | affected area | affected areas | to affected area | area"
    " | areas | site"
    " | painful area | most painful area | over | to the affected area | to painful area | to area"
    " | of pain | remove"
    " | at the same time each day | at same time each day"
    " | of each week | each time | start | starting | from | onward | onwards | initially | initial | first"
    " | is | be"
    " | s | pain | pains | nerve | nerves | neuropathy | neuropathic | neuralgia | postherpetic | shingles"
    " | diabetic"
    " | sciatica | fibromyalgia | burning | tingling | numbness | anxiety | sleep | insomnia | restless | leg"
    " | legs | rls"
    " | foot | feet | hand | hands | arm | arms | back | low | lower | upper | neck | shoulder | knee | hip | rib"
    " | ribs | chest | wall | headache | headaches | migraine | migraines | seizure | seizures | epilepsy"
    " | spasm | spasms"
    " | itch | itching | cough | hiccups | hot | flashes | mild | moderate | severe | chronic | acute"
    " | breakthrough"
    " | moderate to severe | muscle | muscles | joint | joints | generic | brand | substitute | medication"
    " | medicine | drug"
    " | via | peg | tube | g tube | ng tube | gtube | hour of sleep | relief | control | management | mood"
    " | depression | fever | discomfort | inflammation | cramp | cramps | symptoms | flare | flares | agitation"
    " | tremor | nausea | bladder | menses | soreness",
}  # fmt: skip


@cache
def phrases() -> dict[str, tuple[str, Any]]:
    """Phrase -> (kind, value). A later kind does not overwrite an earlier one of the same words."""
    table: dict[str, tuple[str, Any]] = {}
    for kind, block in _PHRASES.items():
        for entry in block.split(" | "):
            phrase, _, value = entry.partition("=")
            table.setdefault(phrase.strip(), (kind.removeprefix("fill-hold") or "fill", _value(kind, value)))
    return table


@cache
def longest_phrases() -> dict[str, int]:
    """The first word of each phrase -> the words of its longest phrase."""
    found: dict[str, int] = {}
    for phrase in phrases():
        words = phrase.split(" ")
        found[words[0]] = max(found.get(words[0], 0), len(words))
    return found


def _value(kind: str, value: str) -> Any:
    if kind == "number":
        return Decimal(value)
    if kind in ("time", "adverb", "a-time", "count", "max", "every"):
        return Fraction(value) if value else None
    return value
