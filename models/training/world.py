"""What can be drawn: subjects, places, times of day and things in the sky, with their words."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subject:
    """A nameable sprite: the emoji it is drawn with and the nouns that mean it, main name first."""

    name: str
    emoji: str
    synonyms: tuple[str, ...] = ()

    @property
    def nouns(self) -> tuple[str, ...]:
        """Every noun that names this subject."""
        return (self.name, *self.synonyms)


@dataclass(frozen=True)
class Setting:
    """A place, a time of day or a thing in the sky, and the phrases that say so."""

    name: str
    phrases: tuple[str, ...]
    times: tuple[str, ...] = field(default=())
    emoji: str = ""


SUBJECTS = (
    Subject("fox", "🦊", ("vixen",)),
    Subject("bear", "🐻", ("cub",)),
    Subject("rabbit", "🐇", ("bunny", "hare")),
    Subject("cat", "🐈", ("kitten", "kitty")),
    Subject("dog", "🐕", ("puppy", "hound")),
    Subject("mouse", "🐭"),
    Subject("owl", "🦉"),
    Subject("penguin", "🐧"),
    Subject("frog", "🐸", ("toad",)),
    Subject("turtle", "🐢", ("tortoise",)),
    Subject("fish", "🐠"),
    Subject("whale", "🐳"),
    Subject("octopus", "🐙", ("squid",)),
    Subject("crab", "🦀"),
    Subject("elephant", "🐘"),
    Subject("lion", "🦁"),
    Subject("monkey", "🐒", ("ape",)),
    Subject("horse", "🐎", ("pony",)),
    Subject("unicorn", "🦄"),
    Subject("pig", "🐖", ("piglet",)),
    Subject("sheep", "🐑", ("lamb",)),
    Subject("duck", "🦆", ("duckling",)),
    Subject("butterfly", "🦋"),
    Subject("hedgehog", "🦔"),
    Subject("dragon", "🐉"),
    Subject("dinosaur", "🦕"),
    Subject("bee", "🐝", ("bumblebee",)),
    Subject("girl", "👧", ("daughter", "sister")),
    Subject("boy", "👦", ("son", "brother")),
    Subject("princess", "👸", ("queen",)),
    Subject("fairy", "🧚", ("pixie",)),
    Subject("wizard", "🧙", ("magician",)),
    Subject("robot", "🤖"),
    Subject("snowman", "⛄"),
    Subject("ghost", "👻"),
    Subject("house", "🏠", ("cottage", "hut")),
    Subject("castle", "🏰", ("palace",)),
    Subject("tree", "🌳", ("oak",)),
    Subject("sunflower", "🌻", ("flower",)),
    Subject("mushroom", "🍄", ("toadstool",)),
    Subject("boat", "⛵", ("ship", "sailboat")),
    Subject("car", "🚗"),
    Subject("train", "🚂", ("locomotive",)),
    Subject("rocket", "🚀", ("spaceship",)),
    Subject("balloon", "🎈"),
    Subject("apple", "🍎"),
    Subject("cake", "🎂"),
    Subject("pumpkin", "🎃"),
)

OUTDOORS = ("day", "sunset", "night")

PLACES = (
    Setting(
        "meadow",
        (
            "in the meadow",
            "on the grass",
            "in a green field",
            "on a hill",
            "in the park",
            "in the garden",
            "on the farm",
        ),
        OUTDOORS,
    ),
    Setting(
        "forest",
        (
            "in the forest",
            "in the woods",
            "in the deep forest",
            "into the forest",
            "through the woods",
            "in the jungle",
        ),
        OUTDOORS,
    ),
    Setting(
        "sea",
        (
            "on the sea",
            "in the sea",
            "in the ocean",
            "on the water",
            "on the lake",
            "on the waves",
            "on the river",
        ),
        OUTDOORS,
    ),
    Setting(
        "beach",
        ("on the beach", "at the beach", "by the shore", "on the island", "at the seaside"),
        OUTDOORS,
    ),
    Setting(
        "snow",
        ("in the snow", "on the snow", "on the ice", "in winter", "in the snowy mountains"),
        OUTDOORS,
    ),
    Setting(
        "desert",
        ("in the desert", "on the dunes", "across the desert", "in the hot desert"),
        OUTDOORS,
    ),
    Setting(
        "room",
        ("in a room", "in the bedroom", "at home", "indoors", "in the kitchen", "in the school"),
        ("day",),
    ),
    Setting(
        "paper",
        ("on plain paper", "on a white page", "on a blank page", "on white"),
        ("day",),
    ),
)

TIMES = (
    Setting("day", ("by day", "in the morning", "in the daytime", "on a nice day")),
    Setting("sunset", ("at sunset", "in the evening", "at dusk", "at sunrise")),
    Setting("night", ("at night", "in the dark", "at midnight", "on a starry night", "one night")),
)

SKIES = (
    Setting("sun", ("under the sun", "in the sunshine", "on a sunny day"), ("day",), "🌞"),
    Setting(
        "moon", ("under the moon", "in the moonlight", "with the moon above"), ("night",), "🌙"
    ),
    Setting("star", ("under a star", "with a bright star", "under the star"), ("night",), "⭐"),
    Setting(
        "cloud",
        ("under a cloud", "with a cloud in the sky", "on a cloudy day"),
        ("day", "sunset"),
        "☁",
    ),
    Setting("rainbow", ("under a rainbow", "with a rainbow", "after the rain"), ("day",), "🌈"),
)

PLURALS = {
    "mouse": "mice", "fish": "fish", "sheep": "sheep", "snowman": "snowmen", "wolf": "wolves",
    "butterfly": "butterflies", "puppy": "puppies", "bunny": "bunnies", "kitty": "kitties",
    "pony": "ponies", "fox": "foxes", "octopus": "octopuses", "princess": "princesses",
    "daughter": "daughters", "fairy": "fairies",
}  # fmt: skip

FIND_SUBJECT = {subject.name: subject for subject in SUBJECTS}
FIND_PLACE = {place.name: place for place in PLACES}
FIND_TIME = {time.name: time for time in TIMES}
FIND_SKY = {sky.name: sky for sky in SKIES}


def plural(noun: str) -> str:
    """The plural form of a subject's noun."""
    return PLURALS.get(noun, noun + "s")


def vocabulary() -> dict[str, list[dict[str, object]]]:
    """The words the illustrator knows, by what they mean: the content of vocabulary.json."""
    settings = {"places": PLACES, "times": TIMES, "skies": SKIES}
    listed = {
        kind: [{"name": each.name, "phrases": list(each.phrases)} for each in group]
        for kind, group in settings.items()
    }
    subjects = [{"name": each.name, "synonyms": list(each.synonyms)} for each in SUBJECTS]
    return {"subjects": subjects, **listed}
