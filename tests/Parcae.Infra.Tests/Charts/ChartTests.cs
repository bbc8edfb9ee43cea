using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Parcae.Grains.Security;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Availability.Kubernetes;
using Parcae.Silo.Hosting;

namespace Parcae.Infra.Tests.Charts;

/// <summary>What the chart makes agrees with the code.</summary>
public sealed class ChartTests(Chart chart) : IClassFixture<Chart>
{
    private const string Everything = """
        settings: { interval: 30, heartbeat: 5.5, faults: false }
        control: { replicas: 3, settings: { quotas: "ann=8,bob=4" }, nodeSelector: { pool: steady }, affinity: { nodeAffinity: {} }, podAnnotations: { team: ml } }
        worker: { gpu: { enabled: true }, nodeSelector: { pool: spot }, podAnnotations: { team: ml }, extraVolumes: [ { name: datasets, emptyDir: {} } ], extraVolumeMounts: [ { name: datasets, mountPath: /datasets } ] }
        image: { pullSecrets: [ { name: registry } ] }
        telemetry: { otlpEndpoint: "http://collector:4317" }
        networkPolicy:
          http: [ { namespaceSelector: { matchLabels: { name: ingress } } } ]
          clients: [ { podSelector: { matchLabels: { app: notebook } } } ]
          metrics: [ { namespaceSelector: { matchLabels: { name: monitoring } } } ]
          egress: [ { to: [ { ipBlock: { cidr: 10.0.0.0/8 } } ], ports: [ { port: 4317 } ] } ]
        tls: { enabled: true, certManager: { enabled: true } }
        httpTls: { secretName: web }
        serviceMonitor: { enabled: true, labels: { release: prometheus }, tlsConfig: { serverName: parcae.example, ca: { secret: { name: web, key: ca.crt } } } }
        rules: { enabled: true, labels: { release: prometheus } }
        dashboards: { enabled: true }
        """;

    /// <summary>Values that make the chart render differently.</summary>
    public static TheoryData<string> Variants =>
    [
        "", Everything, "worker: { kind: DaemonSet }", "redis: { enabled: false, external: 'redis.example:6380,ssl=true', existingSecret: redis }", "api: { existingSecret: tokens }", "networkPolicy: { enabled: false }",
        "rbac: { nodes: false }", "serviceAccount: { create: false, name: mine }\nrbac: { create: false }", "control: { podDisruptionBudget: { enabled: false } }\nworker: { podDisruptionBudget: { enabled: false } }",
        "serviceSecret: { existingSecret: one }\ntls: { enabled: true, secretName: members }", "tls: { enabled: true, certManager: { enabled: true, issuerRef: { name: members, kind: ClusterIssuer } } }",
    ];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Kubernetes_own_types_take_every_object(string values)
    {
        foreach (var made in chart.Render(values).Objects) KubernetesTypes.AssertKnown(made);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Silos_start_with_their_command_lines_and_stop_in_time(string values)
    {
        var rendered = chart.Render(values);
        foreach (string component in new[] { "control", "worker" })
        {
            var silo = Read(rendered, component);
            Assert.Equal(component, silo.Settings.Role);
            silo.AssertStopsInTime();
        }
    }

    [Fact]
    public void A_longer_stop_is_granted_more_time()
    {
        var pod = chart.Render("worker: { stopTimeout: 110 }").Pod("worker");
        Assert.Equal(115, (int)pod.At("terminationGracePeriodSeconds")!);
        Assert.Contains("110", Container(pod).Texts("args"));
    }

    [Theory]
    [InlineData("control")]
    [InlineData("worker")]
    public void Probes_ask_pages_that_there_are_on_the_port_that_there_is(string component)
    {
        var rendered = chart.Render();
        var container = Container(rendered.Pod(component));
        foreach (var (probe, path) in new[] { ("startupProbe", "/health/startup"), ("readinessProbe", "/health/ready"), ("livenessProbe", "/health/live") })
            Assert.Equal((path, "http"), (container.Text($"{probe}.httpGet.path"), container.Text($"{probe}.httpGet.port")));
        // It waits up to 5 s for its own thread pool before it says no.
        Assert.True((int)container.At("livenessProbe.timeoutSeconds")! > 5);
        var silo = Read(rendered, component).Settings;
        var ports = container.List("ports").ToDictionary(p => p.Text("name"), p => (int?)p.At("containerPort"));
        Assert.Equal((silo.ActualHttpPort, silo.SiloPort, silo.DataPort), (ports["http"], ports["silo"], ports["data"]));
        Assert.Equal(component == "control" ? silo.ActualGatewayPort : 0, ports.GetValueOrDefault("gateway") ?? 0);
        Assert.Equal("0.0.0.0", silo.HttpHost);
    }

    [Fact]
    public void Health_pages_are_those_that_the_silo_maps() =>
        Assert.All(new[] { "/health/startup", "/health/ready", "/health/live", "/health" }, p => Assert.Contains($"Map(\"{p}\"", Repository.Read("Silo/Health/ParcaeHealthExtensions.cs"), StringComparison.Ordinal));

    [Theory]
    [InlineData("control")]
    [InlineData("worker")]
    [InlineData("redis")]
    public void Pods_are_locked_down(string component)
    {
        var pod = chart.Render(Everything).Pod(component);
        Assert.True((bool)pod.At("securityContext.runAsNonRoot")!);
        Assert.Equal("RuntimeDefault", pod.Text("securityContext.seccompProfile.type"));
        foreach (var container in pod.List("containers"))
        {
            Assert.True((bool)container.At("securityContext.readOnlyRootFilesystem")!);
            Assert.False((bool)container.At("securityContext.allowPrivilegeEscalation")!);
            Assert.Equal(["ALL"], container.Texts("securityContext.capabilities.drop"));
        }

        // Only a worker asks the Kubernetes API.
        Assert.Equal(component != "worker", pod.At("automountServiceAccountToken") is { } mount && !(bool)mount);
        if (component != "redis") Assert.Contains("/tmp", Container(pod).List("volumeMounts").Select(m => m.Text("mountPath")));
    }

    [Fact]
    public void A_worker_may_read_what_its_availability_source_asks_for_and_nothing_else()
    {
        var rendered = chart.Render();
        Assert.Equal(["""{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}"""], rendered["Role", "-worker"].List("rules").Select(r => r.ToJsonString()));
        Assert.Equal(["""{"apiGroups":[""],"resources":["nodes"],"verbs":["get"]}"""], rendered["ClusterRole", "-worker"].List("rules").Select(r => r.ToJsonString()));
        string source = Repository.Read("Silo/Availability/Kubernetes/KubernetesSource.cs");
        Assert.Contains("api/v1/namespaces/{Uri.EscapeDataString(api.Namespace)}/pods/{Uri.EscapeDataString(name)}", source, StringComparison.Ordinal);
        Assert.Contains("api/v1/nodes/{Uri.EscapeDataString(name)}", source, StringComparison.Ordinal);
        Assert.Equal(2, source.Split(".GetAsync(").Length - 1);
        Assert.Equal(rendered.Pod("worker").Text("serviceAccountName"), rendered["RoleBinding", "-worker"].List("subjects").Single().Text("name"));
        Assert.DoesNotContain(chart.Render("rbac: { nodes: false }").Objects, o => o.Text("kind").StartsWith("ClusterRole", StringComparison.Ordinal));
    }

    [Fact]
    public void A_worker_knows_its_pod_and_its_node_by_the_names_that_the_source_reads()
    {
        string source = Repository.Read("Silo/Availability/Kubernetes/KubernetesSource.cs");
        var given = Container(chart.Render().Pod("worker")).List("env").ToDictionary(e => e.Text("name"), e => e.At("valueFrom.fieldRef.fieldPath")?.ToString());
        foreach (var (name, field) in new[] { ("POD_NAME", "metadata.name"), ("NODE_NAME", "spec.nodeName") })
        {
            Assert.Contains($"Variable(\"{name}\")", source, StringComparison.Ordinal);
            Assert.Equal(field, given[name]);
        }

        Assert.Equal(("metadata.name", "status.podIP"), (given["PARCAE_INSTANCE_ID"], given["PARCAE_HOST"]));
    }

    [Fact]
    public void A_GPU_is_asked_for_only_where_it_is_wanted()
    {
        var without = chart.Render().Pod("worker");
        Assert.Null(Container(without).At("resources.limits")!.AsObject()["nvidia.com/gpu"]);
        Assert.EndsWith(":cpu", Container(without).Text("image"), StringComparison.Ordinal);
        var with = chart.Render("worker: { gpu: { enabled: true } }");
        Assert.Equal(1, (int)Container(with.Pod("worker")).At("resources.limits")!.AsObject()["nvidia.com/gpu"]!);
        Assert.EndsWith(":cuda", Container(with.Pod("worker")).Text("image"), StringComparison.Ordinal);
        Assert.EndsWith(":cpu", Container(with.Pod("control")).Text("image"), StringComparison.Ordinal);
        Assert.Contains("nvidia.com/gpu", with.Pod("worker").List("tolerations").Select(t => t.Text("key")));
        Assert.Equal("cuda", Read(with, "worker").Settings.Device);
    }

    [Fact]
    public void Every_toleration_of_a_worker_keeps_off_no_taint_that_announces_an_end() =>
        Assert.Empty(chart.Render(Everything).Pod("worker").List("tolerations").Select(t => t.Text("key")).Intersect(NodeTaints.Names));

    [Fact]
    public void A_DaemonSet_has_no_budget_and_no_number()
    {
        var rendered = chart.Render("worker: { kind: DaemonSet }");
        Assert.Null(rendered["DaemonSet", "-worker"].At("spec.replicas"));
        Assert.Single(rendered.OfKind("PodDisruptionBudget"));
    }

    [Fact]
    public void Secrets_are_made_only_where_none_is_named()
    {
        Assert.Equal(3, chart.Render().OfKind("Secret").Count());
        var named = chart.Render("redis: { existingSecret: one }\napi: { existingSecret: two }\nserviceSecret: { existingSecret: three }");
        Assert.Empty(named.OfKind("Secret"));
        var control = named.Pod("control");
        Assert.Contains(control.List("volumes"), v => v.At("secret.secretName")?.ToString() == "two");
        AssertMounted(control, Read(named, "control").Settings.SecretFile!, "three");
        foreach (string component in (string[])["control", "worker"])
        {
            var pod = named.Pod(component);
            string mount = Container(pod).List("volumeMounts").Single(m => m.Text("name") == "redis").Text("mountPath");
            Assert.Equal("one", pod.List("volumes").Single(v => v.Text("name") == "redis").Text("secret.secretName"));
            Assert.Equal($"{mount}/password", Read(named, component).Settings.RedisPasswordFile);
        }
    }

    [Fact]
    public void What_was_made_once_is_kept_by_every_upgrade()
    {
        var before = chart.Render();
        var after = chart.RenderAgain(before);
        Assert.Equal(Data(before), Data(after));
        Assert.NotEqual(Data(before), Data(chart.Render()));
        // An uninstall lets them be, too.
        Assert.All(before.OfKind("Secret"), s => Assert.Equal("keep", s.At("metadata.annotations")!.AsObject()["helm.sh/resource-policy"]!.ToString()));

        static string[] Data(Rendered rendered) => [.. rendered.OfKind("Secret").Select(s => s.At("data")!.ToJsonString())];
    }

    [Theory]
    [InlineData("control")]
    [InlineData("worker")]
    public void Every_silo_has_the_secret_of_the_service(string component)
    {
        var rendered = chart.Render();
        var settings = Read(rendered, component).Settings;
        var made = rendered["Secret", "-service"];
        AssertMounted(rendered.Pod(component), settings.SecretFile!, made.Text("metadata.name"));
        string text = Encoding.UTF8.GetString(Convert.FromBase64String(made.At("data")!.AsObject()[Path.GetFileName(settings.SecretFile)!]!.ToString()));
        Assert.False(ServiceSecret.Of(text).IsPublic);
        Assert.Equal((null, null), (settings.TlsCertificate, settings.HttpCertificate));
    }

    [Theory]
    [InlineData("control")]
    [InlineData("worker")]
    public void Certificates_are_mounted_as_folders_under_the_names_of_cert_manager(string component)
    {
        var rendered = chart.Render("tls: { enabled: true, secretName: members }\nhttpTls: { secretName: web }");
        var (pod, settings) = (rendered.Pod(component), Read(rendered, component).Settings);
        foreach (string? file in new[] { settings.TlsCertificate, settings.TlsKey, settings.TlsAuthority }) AssertMounted(pod, file!, "members");
        foreach (string? file in new[] { settings.HttpCertificate, settings.HttpKey }) AssertMounted(pod, file!, "web");
        Assert.Equal(["tls.crt", "tls.key", "ca.crt", "tls.crt", "tls.key"], new[] { settings.TlsCertificate, settings.TlsKey, settings.TlsAuthority, settings.HttpCertificate, settings.HttpKey }.Select(Path.GetFileName));
        Assert.DoesNotContain(rendered.Objects, o => o.Text("apiVersion").StartsWith("cert-manager", StringComparison.Ordinal));
    }

    [Fact]
    public void TLS_without_a_certificate_is_refused() =>
        Assert.Contains("tls.secretName must name a secret with tls.crt, tls.key and ca.crt", chart.Text("tls: { enabled: true }").Error, StringComparison.Ordinal);

    [Fact]
    public void Cert_manager_makes_a_private_authority_and_a_certificate_of_it_for_servers_and_clients()
    {
        var rendered = chart.Render("tls: { enabled: true, certManager: { enabled: true, duration: 48h, renewBefore: 12h } }");
        var member = rendered["Certificate", "-tls"];
        AssertMounted(rendered.Pod("worker"), Read(rendered, "worker").Settings.TlsKey!, member.Text("spec.secretName"));
        Assert.Equal(("48h", "12h"), (member.Text("spec.duration"), member.Text("spec.renewBefore")));
        Assert.Equal(["digital signature", "server auth", "client auth"], member.Texts("spec.usages"));
        var issuer = Assert.Single(rendered.OfKind("Issuer"), i => i.Text("metadata.name") == member.Text("spec.issuerRef.name"));
        var authority = Assert.Single(rendered.OfKind("Certificate"), c => c.Text("spec.secretName") == issuer.Text("spec.ca.secretName"));
        Assert.True((bool)authority.At("spec.isCA")!);
        Assert.NotNull(Assert.Single(rendered.OfKind("Issuer"), i => i.Text("metadata.name") == authority.Text("spec.issuerRef.name")).At("spec.selfSigned"));

        var named = chart.Render("tls: { enabled: true, certManager: { enabled: true, issuerRef: { name: members, kind: ClusterIssuer } } }");
        Assert.Equal("""{"kind":"ClusterIssuer","name":"members"}""", Assert.Single(named.OfKind("Certificate")).At("spec.issuerRef")!.ToJsonString());
        Assert.Empty(named.OfKind("Issuer"));
    }

    [Theory]
    [InlineData("", "HTTP", null)]
    [InlineData("httpTls: { secretName: web }\n", "HTTPS", "https")]
    public void Who_asks_the_HTTP_port_asks_as_it_speaks(string values, string scheme, string? monitored)
    {
        var rendered = chart.Render(values + "serviceMonitor: { enabled: true, tlsConfig: { serverName: parcae.example } }");
        foreach (string component in new[] { "control", "worker" })
            Assert.All(new[] { "startupProbe", "readinessProbe", "livenessProbe" }, p => Assert.Equal(scheme, Container(rendered.Pod(component)).Text($"{p}.httpGet.scheme")));
        var endpoint = rendered["ServiceMonitor", ""].List("spec.endpoints").Single();
        Assert.Equal((monitored, monitored is null ? null : "parcae.example"), (endpoint.At("scheme")?.ToString(), endpoint.At("tlsConfig.serverName")?.ToString()));
    }

    [Fact]
    public void A_Redis_of_ones_own_needs_its_address_and_its_secret()
    {
        Assert.Contains("redis.existingSecret must name a secret", chart.Text("redis: { enabled: false, external: 'r:6379' }").Error, StringComparison.Ordinal);
        Assert.Contains("redis.external must be the address of a Redis", chart.Text("redis: { enabled: false, existingSecret: one }").Error, StringComparison.Ordinal);
        var rendered = chart.Render("redis: { enabled: false, external: 'redis.example:6380,user=parcae', existingSecret: one, tls: { ca: ca.crt, certificate: tls.crt, key: tls.key } }");
        var settings = Read(rendered, "worker").Settings;
        Assert.Equal(
            ("redis.example:6380,user=parcae", "/run/secrets/redis/password", "/run/secrets/redis/ca.crt", "/run/secrets/redis/tls.crt", "/run/secrets/redis/tls.key"),
            (settings.Redis, settings.RedisPasswordFile, settings.RedisCa, settings.RedisCertificate, settings.RedisKey));
        Assert.Contains("redis.tls.key must name the key", chart.Text("redis: { enabled: false, external: 'r:6379', existingSecret: one, tls: { certificate: tls.crt } }").Error, StringComparison.Ordinal);
        Assert.DoesNotContain(rendered.Objects, o => o.Text("metadata.name").EndsWith("-redis", StringComparison.Ordinal));
    }

    [Fact]
    public void Network_policies_name_ports_that_the_pods_have()
    {
        var rendered = chart.Render(Everything);
        string[] named = [.. new[] { "control", "worker", "redis" }.SelectMany(c => rendered.Pod(c).List("containers")).SelectMany(c => c.List("ports")).Select(p => p.Text("name")).Distinct()];
        foreach (var policy in rendered.OfKind("NetworkPolicy"))
        {
            var rules = policy.List("spec.ingress").Concat(policy.List("spec.egress")).ToArray();
            Assert.All(rules.SelectMany(r => r.List("ports")).Select(p => p.Text("port")), p => Assert.True(named.Contains(p) || int.TryParse(p, CultureInfo.InvariantCulture, out _), p));
            // A rule without a peer is for everybody: only names and the Kubernetes API have no address that is known.
            Assert.All(policy.List("spec.ingress"), r => Assert.NotEmpty(r.List("from")));
            Assert.All(policy.List("spec.egress").Where(r => r.At("to") is null).SelectMany(r => r.List("ports")), p => Assert.Contains((int)p.At("port")!, new[] { 53, 443, 6443 }));
        }

        Assert.Empty(chart.Render("networkPolicy: { enabled: false }").OfKind("NetworkPolicy"));
    }

    [Fact]
    public void Nobody_reaches_the_API_or_the_metrics_unless_somebody_is_named() =>
        Assert.DoesNotContain("http", chart.Render().OfKind("NetworkPolicy").SelectMany(p => p.List("spec.ingress")).SelectMany(r => r.List("ports")).Select(p => p.Text("port")));

    [Fact]
    public void Selectors_find_the_pods_and_services_that_they_mean()
    {
        var rendered = chart.Render(Everything);
        var labels = rendered.Objects.Where(o => o.At("spec.template") is not null).Select(o => (JsonObject)o.At("spec.template.metadata.labels")!).ToArray();
        foreach (var selector in rendered.OfKind("Service").Select(s => s.At("spec.selector")).Concat(rendered.OfKind("PodDisruptionBudget").Select(b => b.At("spec.selector.matchLabels"))))
            Assert.Single(labels, l => Matches(l, selector!));
        var monitored = rendered.OfKind("Service").Where(s => Matches((JsonObject)s.At("metadata.labels")!, rendered["ServiceMonitor", ""].At("spec.selector.matchLabels")!)).ToArray();
        Assert.Equal(["control", "worker"], monitored.Select(s => Rendered.Component(s.At("spec.selector"))).Order(StringComparer.Ordinal));
        Assert.All(monitored, s => Assert.Contains("http", s.List("spec.ports").Select(p => p.Text("name"))));
        Assert.Equal(rendered["StatefulSet", "-control"].Text("spec.serviceName"), rendered["Service", "-control-headless"].Text("metadata.name"));
        Assert.Equal(rendered["StatefulSet", "-redis"].Text("spec.serviceName"), rendered["Service", "-redis"].Text("metadata.name"));
        Assert.Equal($"{rendered["Service", "-redis"].Text("metadata.name")}:6379", Read(rendered, "control").Settings.Redis);
    }

    [Fact]
    public void Rules_and_dashboards_are_those_of_the_compose_file()
    {
        var rendered = chart.Render(Everything);
        Assert.Equal(Yaml.Parse(Repository.Read("infra/observability/rules.yaml")).At("groups")!.ToJsonString(), rendered["PrometheusRule", ""].At("spec.groups")!.ToJsonString());
        foreach (string file in Repository.Files("infra/observability/dashboards", "*.json"))
        {
            string name = Path.GetFileName(file);
            var map = Assert.Single(rendered.OfKind("ConfigMap"), m => m.At("data")!.AsObject().ContainsKey(name));
            Assert.Equal(JsonNode.Parse(Repository.Read(file))!.ToJsonString(), JsonNode.Parse(map.At("data")!.AsObject()[name]!.ToString())!.ToJsonString());
        }
    }

    [Fact]
    public void Prometheus_names_a_job_as_the_compose_file_has_it()
    {
        var endpoint = chart.Render(Everything)["ServiceMonitor", ""].List("spec.endpoints").Single();
        Assert.Equal("/metrics", endpoint.Text("path"));
        var scrape = Yaml.Parse(Repository.Read("infra/observability/prometheus.yaml")).List("scrape_configs").Single();
        Assert.Equal(
            scrape.List("metric_relabel_configs").Select(r => r.At("source_labels")?[0]?.ToString() + r.At("target_label") + r.At("regex") + r.At("action")),
            endpoint.List("metricRelabelings").Select(r => r.At("sourceLabels")?[0]?.ToString() + r.At("targetLabel") + r.At("regex") + r.At("action")));
    }

    private static bool Matches(JsonObject labels, JsonNode selector) => selector.AsObject().All(s => labels[s.Key]?.ToString() == s.Value!.ToString());

    // A folder of a secret, which the silo's user alone may read.
    private static void AssertMounted(JsonNode pod, string file, string secret)
    {
        var mount = Assert.Single(Container(pod).List("volumeMounts"), m => m.Text("mountPath") == Path.GetDirectoryName(file));
        Assert.True((bool)mount.At("readOnly")!);
        Assert.Null(mount.At("subPath"));
        var volume = Assert.Single(pod.List("volumes"), v => v.Text("name") == mount.Text("name"));
        Assert.Equal(secret, volume.Text("secret.secretName"));
        // Octal 0440.
        Assert.Contains(volume.Text("secret.defaultMode"), new[] { "288", "0440", "440" });
    }

    private static JsonNode Container(JsonNode pod) => Assert.Single(pod.List("containers"));

    private static Deployed Read(Rendered rendered, string component)
    {
        var pod = rendered.Pod(component);
        var container = Container(pod);
        var environment = new Dictionary<string, string>(Deployed.ImageEnvironment);
        // What Kubernetes fills in is something.
        foreach (var variable in container.List("env")) environment[variable.Text("name")] = variable.At("value")?.ToString() ?? "of-the-pod";
        return Deployed.Read(container.Texts("args"), environment, TimeSpan.FromSeconds((double)pod.At("terminationGracePeriodSeconds")!));
    }
}
