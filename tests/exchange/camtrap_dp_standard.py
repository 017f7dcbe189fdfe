"""Camtrap DP 1.0.2 as its standard says: fields, types, keys and what must be there.

Written from the table schemas and the profile of https://github.com/tdwg/camtrap-dp, which cannot
be fetched where the tests run. A field is `name`, `name!` if it is required, or `name:type`.
"""

from __future__ import annotations

DATETIME = "%Y-%m-%dT%H:%M:%S%z"
DEPLOYMENTS = (
    "deploymentID! locationID locationName latitude!:number longitude!:number "
    "coordinateUncertainty:integer deploymentStart!:datetime deploymentEnd!:datetime setupBy "
    "cameraID cameraModel cameraDelay:integer cameraHeight:number cameraDepth:number "
    "cameraTilt:integer cameraHeading:integer detectionDistance:number timestampIssues:boolean "
    "baitUse:boolean featureType habitat deploymentGroups deploymentTags deploymentComments"
)
MEDIA = (
    "mediaID! deploymentID! captureMethod timestamp!:datetime filePath! filePublic!:boolean "
    "fileName fileMediatype! exifData favorite:boolean mediaComments"
)
OBSERVATIONS = (
    "observationID! deploymentID! mediaID eventID eventStart!:datetime eventEnd!:datetime "
    "observationLevel! observationType! cameraSetupType scientificName count:integer lifeStage sex "
    "behavior individualID individualPositionRadius:number individualPositionAngle:number "
    "individualSpeed:number bboxX:number bboxY:number bboxWidth:number bboxHeight:number "
    "classificationMethod classifiedBy classificationTimestamp:datetime "
    "classificationProbability:number observationTags observationComments"
)
CONSTRAINTS = {
    "latitude": {"minimum": -90, "maximum": 90},
    "longitude": {"minimum": -180, "maximum": 180},
    "filePath": {"pattern": r"^(?=^[^./~])(^((?!\.{2}).)*$).*$"},
    "fileMediatype": {"pattern": r"^(image|video|audio)/.*$"},
    "observationLevel": {"enum": ["media", "event"]},
    "observationType": {
        "enum": ["animal", "human", "vehicle", "blank", "unknown", "unclassified"],
    },
    "count": {"minimum": 1},
    "bboxX": {"minimum": 0, "maximum": 1},
    "bboxY": {"minimum": 0, "maximum": 1},
    "bboxWidth": {"minimum": 1e-15, "maximum": 1},
    "bboxHeight": {"minimum": 1e-15, "maximum": 1},
}


def _schema(fields: str, keys: dict[str, str]) -> dict:
    """A table schema; its first field is the primary key, `keys` are the foreign ones."""
    made = []
    for word in fields.split():
        name, _, kind = word.partition(":")
        required, name = name.endswith("!"), name.rstrip("!")
        constraints = {"required": True} if required else {}
        field = {"name": name, "type": kind or "string"}
        field["constraints"] = constraints | CONSTRAINTS.get(name, {})
        if kind == "datetime":
            field["format"] = DATETIME
        made.append(field)
    foreign = [
        {"fields": [field], "reference": {"resource": resource, "fields": [field]}}
        for field, resource in keys.items()
    ]
    first = made[0]["name"]
    return {"fields": made, "primaryKey": [first], "foreignKeys": foreign, "missingValues": [""]}


NEEDED = ("profile", "created", "contributors", "project", "spatial", "temporal", "taxonomic")
OF_PROJECT = {
    "samplingDesign": {
        *("simpleRandom", "systematicRandom", "clusteredRandom", "experimental", "targeted"),
        "opportunistic",
    },
    "captureMethod": {"activityDetection", "timeLapse"},
    "observationLevel": {"media", "event"},
}


def check_profile(tree: dict) -> None:
    """Fail if `datapackage.json` lacks something, or says what is not a word of the standard."""
    assert [name for name in NEEDED if name not in tree] == []
    project = tree["project"]
    assert project["title"] and project["individualAnimals"] is True
    for name, allowed in OF_PROJECT.items():
        said = project[name]
        assert set([said] if isinstance(said, str) else said) <= allowed, said
    assert tree["contributors"] and all(one["title"] for one in tree["contributors"])
    assert tree["spatial"]["type"] in ("Point", "Polygon")
    assert all(one["scientificName"] for one in tree["taxonomic"])
    assert [one["name"] for one in tree["resources"]] == ["deployments", "media", "observations"]
    assert all("1.0.2" in one["schema"] for one in tree["resources"])


SCHEMAS = {
    "deployments": _schema(DEPLOYMENTS, {}),
    "media": _schema(MEDIA, {"deploymentID": "deployments"}),
    "observations": _schema(OBSERVATIONS, {"deploymentID": "deployments", "mediaID": "media"}),
}
