"""Names that people use without saying what they are: packages, services, tools, languages."""

from collections.abc import Mapping
from functools import cache

# Packages whose name, said alone among engineers, means one ecosystem.
NPM = """
    @angular/core angular axios babel bootstrap chalk chart.js commander cors cross-env d3 dayjs
    dotenv electron ember es-toolkit eslint event-stream express fastify faker.js colors.js gatsby
    got graphql-js grunt gulp handlebars helmet is-odd is-even is-promise jest jquery jsonwebtoken
    knex koa leaflet left-pad lodash lodash.merge lodash.template lodash-es minimatch minimist
    mocha moment moment-timezone mongoose morgan multer nest next next.js node-fetch node-forge
    node-sass node-ipc nodemailer nodemon npm-run-all nuxt parcel passport pm2 preact prettier
    prisma pug puppeteer ramda react react-dom react-native react-router redux request-promise
    rimraf rollup rxjs semver sequelize serialize-javascript shelljs snyk socket.io svelte
    tailwindcss tar-fs tslint typeorm typescript ua-parser-js uglify-js underscore
    underscore.string vite vue vue.js vuex webpack winston xmldom yargs yarn zod zustand
    eslint-scope flatmap-stream colors coa rc ws http-proxy body-parser async formidable
    juice-shop
    """.split()  # noqa: SIM905 - names are easier read as words
PYPI = """
    aiohttp alembic ansible beautifulsoup4 black boto3 botocore celery certifi cherrypy
    cryptography dask django django-rest-framework djangorestframework fabric fastapi flake8 flask
    gevent gunicorn httpx ipython jinja2 keras lxml mako markdown matplotlib mypy nltk numpy
    opencv-python pandas paramiko pillow pip pipenv poetry psycopg psycopg2 psycopg2-binary
    pycrypto pycryptodome pydantic pyjwt pymongo pymysql pyopenssl pytest python-jose pyyaml
    requests rsa ruff scikit-learn scipy scrapy setuptools simplejson six sqlalchemy starlette
    tensorflow torch pytorch tornado tqdm twisted ujson urllib3 uvicorn virtualenv waitress
    werkzeug xgboost pickle5 langchain transformers
    """.split()  # noqa: SIM905 - names are easier read as words
CARGO = """
    actix actix-web anyhow axum clap diesel futures hyper itertools lazy_static openssl-sys rayon
    reqwest rocket serde serde_json serde_yaml sqlx tokio tonic tower tracing warp wasm-bindgen
    rust-crypto failure structopt once_cell
    """.split()  # noqa: SIM905 - names are easier read as words
MAVEN: Mapping[str, tuple[str, ...]] = {
    "log4j": ("org.apache.logging.log4j:log4j-core", "log4j:log4j"),
    "log4j2": ("org.apache.logging.log4j:log4j-core",),
    "log4j-core": ("org.apache.logging.log4j:log4j-core",),
    "log4j-api": ("org.apache.logging.log4j:log4j-api",),
    "junit": ("junit:junit",),
    "guava": ("com.google.guava:guava",),
    "gson": ("com.google.code.gson:gson",),
    "jackson-databind": ("com.fasterxml.jackson.core:jackson-databind",),
    "commons-collections": ("commons-collections:commons-collections",),
    "commons-text": ("org.apache.commons:commons-text",),
    "spring-core": ("org.springframework:spring-core",),
    "spring-boot": ("org.springframework.boot:spring-boot",),
    "fastjson": ("com.alibaba:fastjson",),
    "snakeyaml": ("org.yaml:snakeyaml",),
    "xstream": ("com.thoughtworks.xstream:xstream",),
}
GO: Mapping[str, str] = {
    "gin": "github.com/gin-gonic/gin",
    "cobra": "github.com/spf13/cobra",
    "logrus": "github.com/sirupsen/logrus",
    "jwt-go": "github.com/dgrijalva/jwt-go",
}
# What the registry calls it where people say something else.
ALIASES = {"next.js": "next", "vue.js": "vue", "angular": "@angular/core", "pytorch": "torch",
           "colors.js": "colors", "faker.js": "faker", "nest": "@nestjs/core",
           "django-rest-framework": "djangorestframework"}  # fmt: skip

# Services that have client packages of the same name: to block one may mean either.
SERVICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "mysql": {
        "npm": ("mysql", "mysql2"),
        "pypi": ("mysqlclient", "pymysql", "mysql-connector-python"),
        "cargo": ("mysql",),
        "go": ("github.com/go-sql-driver/mysql",),
        "maven": ("mysql:mysql-connector-java", "com.mysql:mysql-connector-j"),
    },
    "mariadb": {
        "npm": ("mariadb",),
        "pypi": ("mariadb",),
        "maven": ("org.mariadb.jdbc:mariadb-java-client",),
    },
    "postgres": {
        "npm": ("pg", "postgres"),
        "pypi": ("psycopg", "psycopg2", "psycopg2-binary", "asyncpg"),
        "cargo": ("postgres", "tokio-postgres"),
        "go": ("github.com/lib/pq", "github.com/jackc/pgx"),
        "maven": ("org.postgresql:postgresql",),
    },
    "mongodb": {
        "npm": ("mongodb", "mongoose"),
        "pypi": ("pymongo", "motor"),
        "cargo": ("mongodb",),
        "go": ("go.mongodb.org/mongo-driver",),
        "maven": ("org.mongodb:mongodb-driver-sync",),
    },
    "redis": {
        "npm": ("redis", "ioredis"),
        "pypi": ("redis",),
        "cargo": ("redis",),
        "go": ("github.com/redis/go-redis",),
        "maven": ("redis.clients:jedis",),
    },
    "sqlite": {
        "npm": ("sqlite3", "better-sqlite3"),
        "pypi": ("aiosqlite",),
        "cargo": ("rusqlite",),
        "go": ("github.com/mattn/go-sqlite3",),
        "maven": ("org.xerial:sqlite-jdbc",),
    },
    "kafka": {
        "npm": ("kafkajs",),
        "pypi": ("kafka-python", "confluent-kafka"),
        "cargo": ("rdkafka",),
        "go": ("github.com/segmentio/kafka-go",),
        "maven": ("org.apache.kafka:kafka-clients",),
    },
    "rabbitmq": {
        "npm": ("amqplib",),
        "pypi": ("pika",),
        "cargo": ("lapin",),
        "go": ("github.com/rabbitmq/amqp091-go",),
        "maven": ("com.rabbitmq:amqp-client",),
    },
    "elasticsearch": {
        "npm": ("@elastic/elasticsearch",),
        "pypi": ("elasticsearch",),
        "cargo": ("elasticsearch",),
        "go": ("github.com/elastic/go-elasticsearch",),
        "maven": ("co.elastic.clients:elasticsearch-java",),
    },
    "oracle": {
        "npm": ("oracledb",),
        "pypi": ("oracledb", "cx-oracle"),
        "maven": ("com.oracle.database.jdbc:ojdbc11",),
    },
    "docker": {
        "npm": ("dockerode",),
        "pypi": ("docker",),
        "go": ("github.com/docker/docker",),
    },
    "memcached": {"npm": ("memcached",), "pypi": ("pymemcache",)},
    "cassandra": {"npm": ("cassandra-driver",), "pypi": ("cassandra-driver",)},
    "kubernetes": {"npm": ("@kubernetes/client-node",), "pypi": ("kubernetes",)},
}  # fmt: skip
SERVICE_NAMES = {"postgresql": "postgres", "mongo": "mongodb", "my sql": "mysql",
                 "elastic": "elasticsearch",
                 "sqlite3": "sqlite", "k8s": "kubernetes"}  # fmt: skip

TOOLS = frozenset(
    """
    bash sh zsh fish shell powershell cmd curl wget ssh scp rsync nmap netcat nc telnet ftp sudo
    su rm dd git gh make terraform ansible-playbook kubectl helm aws gcloud az psql mysqldump
    pg_dump ping dig browser web-search websearch websearch_tool web_search fetch python-repl repl
    eval-tool
    """.split()  # noqa: SIM905 - names are easier read as words
)

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "python": ("py",), "javascript": ("js", "jsx", "mjs", "cjs"), "js": ("js",),
    "typescript": ("ts", "tsx"), "ts": ("ts",),
    "go": ("go",), "golang": ("go",), "rust": ("rs",), "java": ("java",), "kotlin": ("kt",),
    "ruby": ("rb",), "php": ("php",), "sql": ("sql",), "markdown": ("md",), "yaml": ("yaml", "yml"),
    "json": ("json",), "toml": ("toml",), "shell": ("sh",), "csharp": ("cs",), "swift": ("swift",),
    "terraform": ("tf",), "html": ("html",), "css": ("css",), "scala": ("scala",),
    "tsx": ("tsx",), "jsx": ("jsx",), "py": ("py",), "env": ("env",), "pem": ("pem",),
}  # fmt: skip
# Of a language, the ecosystem of its packages.
ECOSYSTEM_WORDS: Mapping[str, str] = {
    "npm": "npm", "node": "npm", "nodejs": "npm", "node.js": "npm", "javascript": "npm",
    "typescript": "npm", "js": "npm", "yarn": "npm", "pnpm": "npm",
    "pypi": "pypi", "python": "pypi", "pip": "pypi",
    "cargo": "cargo", "rust": "cargo", "crates.io": "cargo", "crate": "cargo",
    "go": "go", "golang": "go", "maven": "maven", "java": "maven", "jvm": "maven",
    "gradle": "maven",
}  # fmt: skip
COMMON_FILES: Mapping[str, str] = {
    "readme": "README.md", "license": "LICENSE", "licence": "LICENSE", "changelog": "CHANGELOG.md",
    "codeowners": "CODEOWNERS", "dockerfile": "Dockerfile", "jenkinsfile": "Jenkinsfile",
    "procfile": "Procfile",
    "vagrantfile": "Vagrantfile", "makefile": "Makefile",
    "security policy": "SECURITY.md", "dotenv": ".env", "gitignore": ".gitignore",
    "contributing guide": "CONTRIBUTING.md",
}  # fmt: skip


@cache
def known_packages() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return by a package's name, as people write it, each (ecosystem, name) that it means."""
    found: dict[str, list[tuple[str, str]]] = {}
    for ecosystem, names in (("npm", NPM), ("pypi", PYPI), ("cargo", CARGO)):
        for name in names:
            found.setdefault(name, []).append((ecosystem, ALIASES.get(name, name)))
    for name, artifacts in MAVEN.items():
        found.setdefault(name, []).extend(("maven", artifact) for artifact in artifacts)
    for name, path in GO.items():
        found.setdefault(name, []).append(("go", path))
    return {name: tuple(pairs) for name, pairs in found.items()}
