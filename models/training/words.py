"""Words around the subjects: what captions are filled with, and what the tokenizer keeps whole."""

from models.training import world

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(part for line in text.split("\n") for part in line.strip().split("|") if part)


ARTICLES = ("a", "a", "the", "one", "an", "")
MANY = ("two", "some", "many", "the", "")
ADJECTIVES = _words("""
    little small big tiny happy sad kind brave cute young old funny clever friendly gentle shy
    curious lonely sleepy lovely beautiful hungry tired magic magical wise silly lost new good
    dear proud playful quiet cheerful
""")
PREFIXES = (
    "", "", "", "a picture of", "a storybook picture of", "an illustration of", "a drawing of",
    "a painting of", "a storybook illustration of", "a scene with", "here is",
)  # fmt: skip
JOINS = ("and", "and", "and", "with", "next to", "beside", "meets", "and his friend",
         "and her friend", "talks to", "plays with", "looks at")  # fmt: skip
OPENINGS = (
    "", "", "once", "once upon a time", "one day", "there was", "there once was", "then", "soon",
    "long ago", "the next morning", "at last", "and so", "later that day",
)  # fmt: skip
VERBS = _lines("""
    walked|went|was walking|sat|stood|played|was playing|lived|wandered|ran|was waiting|slept
    looked around|was lost|went home|walks|sits|stands|plays|lives|is|was|was resting|arrived
    who lived|who loved to play|danced|sang|was dreaming|hid|flew|swam|travelled|dreamed
""")
MEETINGS = ("met", "saw", "played with", "found", "helped", "talked to", "walked with", "and",
            "said hello to", "was friends with", "sat beside", "went with", "hugged", "followed",
            "looked for", "discovered", "smiled at", "thanked", "visited")  # fmt: skip
ENDINGS = ("", "", "", "and smiled", "to find a friend", "and was happy", "together", "all day",
           "and felt glad", "and laughed", "far away", "and they were happy", "looking for help",
           "and said hello", "and had fun")  # fmt: skip
FILLERS = _words("""
    about above across again alone along also always amazing another any are around asked away
    back bag basket be because bed been before began behind believe best better between bit blue
    bright bring brought brown but by called came can care carefully carried children cold colour
    come cried dad day days decided deep did do door down dream each earth ever every everyone
    everything eyes face family fast father feel feet few find first floor fly food forever found
    friends from full game garden gave get gift give glad go gold golden gone got great green
    grew growl grandmother had hand has have he heard heart hello help her here herself high him
    himself his hold home hope how howl idea if inside into it its joined joy jumped just keep
    knew know land large last laugh learned left light like listened long looked love loved made
    magic make map may me mom more morning most mother mountain much must my named named near
    never nice nobody noise not nothing now of off often oh on only open or other our out over
    own path people perhaps picked place please pretty promise put quickly quietly ran reached
    ready red remember right road rock round safe said same saw say scared sea secret see seemed
    she shiny should shouted side sing sky sleep slowly smile so soft something song soon sound
    special started stay still stone stopped story strange strong such suddenly sure surprise
    sweet take talk tell than thank that their them then these they thing think this thought
    three through time tired to told too took top toward towards town travel treasure tried
    trip true try under until up upon us very voice wait walk wanted warm was watched way we
    wearing well went were what when where which while whispered white who whole why wide wild
    will wind wish with without woke wonder wonderful wood world would yellow yes yet you your
    max lily tom anna ben mia leo ella sam lucy pip finn page title picture illustration scene
    adventure birthday party music ball hat cap scarf crown sword spell wings tail nose ears
""")
SUFFIXES = ("fox", "cat", "owl", "car", "bee", "boat", "ape", "tree", "sun", "sea", "snow", "room")


def _phrases() -> list[str]:
    groups = (world.PLACES, world.TIMES, world.SKIES)
    settings = [phrase for group in groups for each in group for phrase in each.phrases]
    fixed = (ARTICLES, MANY, ADJECTIVES, PREFIXES, JOINS, OPENINGS, VERBS, MEETINGS, ENDINGS)
    return settings + [phrase for group in fixed for phrase in group] + list(FILLERS)


def known_words() -> list[str]:
    """Every word that is one token, sorted."""
    nouns = [noun for subject in world.SUBJECTS for noun in subject.nouns]
    plurals = [world.plural(noun) for noun in nouns]
    settings = [s.name for group in (world.PLACES, world.TIMES, world.SKIES) for s in group]
    return sorted(set(" ".join(_phrases() + nouns + plurals + settings).split()))
