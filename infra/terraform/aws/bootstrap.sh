#!/usr/bin/env bash
# Makes a machine a silo: user data of both kinds of instance. Reads the variables that nodes.tf writes above it. Safe to run again.
set -euo pipefail
umask 077
: "${ROLE:?}" "${IMAGE:?}" "${REGION:?}" "${REDIS_ADDRESS:?}" "${REDIS_SECRET:?}" "${SERVICE_SECRET:?}"
# Where everything goes; empty on a real machine.
root=${ROOT:-}
etc=$root/etc/parcae data=$root/srv/parcae units=$root/etc/systemd/system

meta() {
    curl -sSf --retry 10 --retry-connrefused -H "X-aws-ec2-metadata-token: $metadata_token" "http://169.254.169.254/latest/meta-data/$1"
}
metadata_token=$(curl -sSf --retry 10 --retry-connrefused -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 600" "http://169.254.169.254/latest/api/token")
instance=$(meta instance-id)
address=$(meta local-ipv4)
zone=$(meta placement/availability-zone)

for tool in docker aws; do
    package=$tool
    [ $tool = aws ] && package=awscli
    command -v $tool >/dev/null || dnf install -y -q $package
done
systemctl enable --now docker

secret() { aws secretsmanager get-secret-value --region "$REGION" --secret-id "$1" --query SecretString --output text; }
# keep FILE USER: standard input as a file that one user of a container may read.
keep() {
    cat >"$1.new"
    chmod 400 "$1.new"
    chown "$2" "$1.new"
    mv "$1.new" "$1"
}
silo=1654 redis=999
mkdir -p "$etc" "$units"
chmod 755 "$etc"
secret "$REDIS_SECRET" | keep "$etc/redis_password" $silo
secret "$SERVICE_SECRET" | keep "$etc/service_secret" $silo

if [ -n "$TLS_SECRET" ]; then
    # Certificate, key and authority, one after the other, as three files in a folder; the silo looks at them again when they change.
    cat >"$etc/fetch-certificates" <<SCRIPT
#!/usr/bin/env bash
set -euo pipefail
umask 077
rm -rf $etc/tls.new
mkdir -p $etc/tls $etc/tls.new
aws secretsmanager get-secret-value --region $REGION --secret-id $TLS_SECRET --query SecretString --output text |
    awk -v folder=$etc/tls.new 'BEGIN { file = "tls.crt" } /BEGIN .*PRIVATE KEY/ { file = "tls.key" } /BEGIN CERT/ && file == "tls.key" { file = "ca.crt" } { print >(folder "/" file) }'
for file in tls.key tls.crt ca.crt; do
    [ -s $etc/tls.new/\$file ] || { echo "The secret has no \$file: it must be tls.crt, tls.key and ca.crt, one after the other." >&2; exit 1; }
    chmod 400 $etc/tls.new/\$file
done
chown -R $silo $etc/tls.new
for file in tls.key tls.crt ca.crt; do mv $etc/tls.new/\$file $etc/tls/\$file; done
chown $silo $etc/tls
SCRIPT
    chmod 755 "$etc/fetch-certificates"
    "$etc/fetch-certificates"
    cat >"$units/parcae-certificates.service" <<UNIT
[Unit]
Description=Fetches the certificates of Parcae

[Service]
Type=oneshot
ExecStart=/etc/parcae/fetch-certificates
UNIT
    cat >"$units/parcae-certificates.timer" <<UNIT
[Unit]
Description=Fetches the certificates of Parcae once an hour

[Timer]
OnActiveSec=1h
OnUnitInactiveSec=1h
RandomizedDelaySec=5min

[Install]
WantedBy=timers.target
UNIT
fi

if [ "$ROLE" = control ]; then
    # The disk is attached once the instance runs.
    device=$root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${DATA_VOLUME//-/}
    for ((tries = 0; tries < 150; tries++)); do
        [ -e "$device" ] && break
        sleep 2
    done
    [ -e "$device" ] || { echo "The disk $DATA_VOLUME is not there after five minutes ($device)." >&2; exit 1; }
    blkid "$device" >/dev/null || mkfs.ext4 -q -L parcae "$device"
    mkdir -p "$data"
    mountpoint -q "$data" || mount -o noatime,nodev,nosuid "$device" "$data"
    grep -q "^LABEL=parcae " "$root/etc/fstab" || echo "LABEL=parcae /srv/parcae ext4 noatime,nodev,nosuid,nofail 0 2" >>"$root/etc/fstab"
    chmod 755 "$data"
    mkdir -p "$data/checkpoints"
    chown -R $silo:$silo "$data/checkpoints"
    secret "$TOKENS_SECRET" | keep "$etc/tokens" $silo
fi

{
    echo "PARCAE_INSTANCE_ID=$instance"
    echo "PARCAE_HOST=$address"
    echo "PARCAE_ZONE=$zone"
    echo "PARCAE_REDIS=$REDIS_ADDRESS"
    echo "PARCAE_REDIS_PASSWORD_FILE=/run/secrets/redis_password"
    echo "PARCAE_SECRET_FILE=/run/secrets/service_secret"
    if [ -n "$TLS_SECRET" ]; then
        echo "PARCAE_TLS_CERTIFICATE=/run/tls/tls.crt"
        echo "PARCAE_TLS_KEY=/run/tls/tls.key"
        echo "PARCAE_TLS_AUTHORITY=/run/tls/ca.crt"
    fi
    echo "PARCAE_SILO_PORT=$SILO_PORT"
    echo "PARCAE_DATA_PORT=$DATA_PORT"
    echo "PARCAE_HTTP_PORT=$HTTP_PORT"
    if [ "$ROLE" = control ]; then
        echo "PARCAE_GATEWAY_PORT=$GATEWAY_PORT"
        echo "PARCAE_CHECKPOINTS=/data/checkpoints"
        # By the instance's role. What an older disk has left there is found when a job needs it.
        echo "PARCAE_CHECKPOINT_BUCKET=s3://$BUCKET/checkpoints"
        echo "PARCAE_BUCKET_REGION=$REGION"
        echo "PARCAE_API_TOKEN_FILE=/run/secrets/api_tokens"
    else
        echo "PARCAE_AVAILABILITY=aws"
        echo "PARCAE_DEVICE=cuda"
        echo "PARCAE_PRICE_PER_HOUR=$PRICE_PER_HOUR"
    fi
    [ -z "$OTLP_ENDPOINT" ] || echo "OTEL_EXPORTER_OTLP_ENDPOINT=$OTLP_ENDPOINT"
    for setting in $MORE_SETTINGS; do echo "$setting"; done
} >"$etc/silo.env"

if [ "$REGISTRY_LOGIN" = yes ]; then
    aws ecr get-login-password --region "$REGION" | docker login --username AWS --password-stdin "${IMAGE%%/*}"
fi

hardened="--rm --network host --read-only --cap-drop ALL --security-opt no-new-privileges --log-driver journald"
if [ -n "$REDIS_IMAGE" ]; then
    mkdir -p "$data/redis"
    chown $redis:$redis "$data/redis"
    {
        echo "$REDIS_CONFIGURATION" | base64 -d
        echo "bind $address 127.0.0.1"
        echo "port $REDIS_PORT"
        echo "requirepass $(cat "$etc/redis_password")"
    } | keep "$etc/redis.conf" $redis
    docker pull -q "$REDIS_IMAGE"
    cat >"$units/parcae-redis.service" <<UNIT
[Unit]
Description=Redis of Parcae
Requires=docker.service
After=docker.service
RequiresMountsFor=/srv/parcae

[Service]
ExecStartPre=-/usr/bin/docker rm -f parcae-redis
ExecStart=/usr/bin/docker run --name parcae-redis $hardened --user $redis:$redis -v /srv/parcae/redis:/data -v /etc/parcae/redis.conf:/etc/redis.conf:ro $REDIS_IMAGE redis-server /etc/redis.conf
ExecStop=/usr/bin/docker stop -t 30 parcae-redis
TimeoutStopSec=40
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
UNIT
fi

docker pull -q "$IMAGE"
if [ "$ROLE" = control ]; then
    more="-v /srv/parcae:/data -v /etc/parcae/tokens:/run/secrets/api_tokens:ro"
else
    more="--gpus all"
fi
more+=" -v /etc/parcae/service_secret:/run/secrets/service_secret:ro"
[ -z "$TLS_SECRET" ] || more+=" -v /etc/parcae/tls:/run/tls:ro"
cat >"$units/parcae-silo.service" <<UNIT
[Unit]
Description=Parcae $ROLE silo
Requires=docker.service
After=docker.service parcae-redis.service
$([ "$ROLE" = worker ] || echo "RequiresMountsFor=/srv/parcae")

[Service]
ExecStartPre=-/usr/bin/docker rm -f parcae-silo
ExecStart=/usr/bin/docker run --name parcae-silo $hardened --tmpfs /tmp:mode=1777 --env-file /etc/parcae/silo.env -v /etc/parcae/redis_password:/run/secrets/redis_password:ro $more $IMAGE --role $ROLE --stop-timeout 25
# A stop is a notice: five seconds more than --stop-timeout, and docker's own time.
ExecStop=/usr/bin/docker stop -t 30 parcae-silo
TimeoutStopSec=40
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
UNIT

systemctl daemon-reload
[ -z "$REDIS_IMAGE" ] || systemctl enable --now parcae-redis.service
[ -z "$TLS_SECRET" ] || systemctl enable --now parcae-certificates.timer
systemctl enable --now parcae-silo.service
