"""Says what is wrong with a YAML file by a JSON Schema, with libraries that are not ours; silent if nothing is."""
import json
import sys

import jsonschema
import yaml

schema_file, yaml_file = sys.argv[1:3]
with open(schema_file, encoding="utf-8") as stream:
    schema = json.load(stream)
with open(yaml_file, encoding="utf-8") as stream:
    document = yaml.safe_load(stream)
jsonschema.Draft7Validator.check_schema(schema)
errors = list(jsonschema.Draft7Validator(schema).iter_errors(document))
for error in errors:
    print("/".join(str(part) for part in error.absolute_path), error.message[:200])
sys.exit(1 if errors else 0)
