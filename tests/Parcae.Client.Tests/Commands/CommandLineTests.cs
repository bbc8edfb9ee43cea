using Parcae.Cli.Commands;

namespace Parcae.Client.Tests.Commands;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("demo --instances x", "--instances: 'x' is not valid; it must be a whole number from 2 to 64.")]
    [InlineData("demo --instances 1", "--instances: '1' is not valid; it must be a whole number from 2 to 64.")]
    [InlineData("demo --interval soon", "--interval: 'soon' is not valid; it must be seconds from 0.5 to 3600, like 3, 3s, 500ms or 2m.")]
    [InlineData("demo --unannounced 1.5", "--unannounced: '1.5' is not valid; it must be a number from 0 to 1.")]
    [InlineData("demo --steps 0", "--steps: '0' is not valid; it must be a whole number from 1 to 100000000.")]
    [InlineData("demo --redis-port 99999", "--redis-port: '99999' is not valid; it must be a whole number from 1 to 65535.")]
    [InlineData("demo --trace nowhere.csv", "'nowhere.csv' is neither a built-in trace nor a file; built in are aws-p3")]
    [InlineData("demo --heads 3", "--heads: 3 is not valid; it must be a divisor of --hidden (128).")]
    [InlineData("demo --batch 12", "--batch: 12 is not valid; it must be a multiple of --micro-batches (8).")]
    [InlineData("demo --data /no/such/file", "--data: '/no/such/file' does not exist; it must be a text file or a folder of text files.")]
    [InlineData("demo --report /no/such/folder/r.html", "--report: the folder '/no/such/folder' does not exist; it must be one that does.")]
    [InlineData("demo --silo /no/such.dll", "--silo: '/no/such.dll' does not exist; it must be the path of Parcae.Silo.dll.")]
    [InlineData("demo --colour", "--colour")]
    [InlineData("dem", "'dem' is not a verb of 'parcae'; it must be one of demo, jobs, instances, replay, chaos, simulate, forecast, plan, profile, trace, completion.")]
    [InlineData("jobs stop", "'stop' is not a verb of 'parcae jobs'; it must be one of submit, list, show, watch, pause, resume, cancel, events, report, download, export, generate.")]
    [InlineData("jobs", "a verb is missing after 'parcae jobs'; it must be one of submit, list, show, watch, pause, resume, cancel, events, report, download, export, generate.")]
    [InlineData("jobs show", "'job'")]
    [InlineData("jobs export j", "Option '--out' is required.")]
    [InlineData("jobs export j --out x --format onnx", "--format: 'onnx' is not valid; it must be one of huggingface, safetensors.")]
    [InlineData("jobs export j --out x --step -1", "--step: '-1' is not valid; it must be a whole number from 0 to 2147483647.")]
    [InlineData("jobs generate j --prompt a --temperature hot", "--temperature: 'hot' is not valid; it must be a number from 0 to 100.")]
    [InlineData("jobs generate j", "--prompt: one of --prompt and --prompt-tokens must be given.")]
    [InlineData("jobs generate j --prompt a --silo /no/such.dll", "--silo: '/no/such.dll' does not exist; it must be the path of Parcae.Silo.dll.")]
    [InlineData("demo --chaos -1", "--chaos: '-1' is not valid; it must be a whole number from 0 to 1000.")]
    [InlineData("chaos", "Option '--job' is required.")]
    [InlineData("chaos --job j --faults 0", "--faults: '0' is not valid; it must be a whole number from 1 to 100000.")]
    [InlineData("chaos --job j --points mid-flight", "--points: 'mid-flight' is not valid; it must be one or more of before-forward, mid-all-reduce, after-norm-before-step, after-step-before-report, mid-transfer, mid-switch, vault-apply, joined by commas.")]
    [InlineData("chaos --job j --kinds kill,cut", "--kinds: 'cut' is not valid; it must be one or more of kill, hang, cut-connection, slow-link, corrupt-frame, joined by commas.")]
    [InlineData("chaos --job j --kinds kill --points vault-apply", "--kinds: kill is not drawn for vault-apply, as the vault shares its process with the control silo; name another kind or point.")]
    [InlineData("replay", "--trace: it is missing; name a trace, or give a plan file by --plan, which has one.")]
    [InlineData("replay --trace nowhere.csv", "--trace: 'nowhere.csv' is neither a built-in trace nor a file; built in are aws-p3")]
    [InlineData("replay --trace HADP --fit stretch", "--fit: 'stretch' is not valid; it must be scale or clamp.")]
    [InlineData("replay --trace HADP --interval 0.1", "--interval: '0.1' is not valid; it must be seconds from 0.5 to 3600, like 3, 3s, 500ms or 2m.")]
    [InlineData("replay --trace HADP --grace 0", "--grace: '0' is not valid; it must be seconds from 0.1 to 3600, like 3, 3s, 500ms or 2m.")]
    [InlineData("replay --trace HADP --unannounced 2", "--unannounced: '2' is not valid; it must be a number from 0 to 1.")]
    [InlineData("replay --trace HADP --from 70", "--from: 70 is not valid; it must be under 60, where the part ends.")]
    [InlineData("replay --trace HADP --policy liveput", "--policy: 'liveput' is a plan file's; give the file by --plan.")]
    [InlineData("replay --plan /no/such/plan.json", "--plan: ")]
    [InlineData("replay --trace HADP --report /no/such/folder/r.html", "--report: the folder '/no/such/folder' does not exist; it must be one that does.")]
    [InlineData("jobs list --redis host:1,notAnOption=3", "--redis: 'host:1,notAnOption=3' is not a Redis address")]
    [InlineData("jobs list --redis host:1,password=a,se=cret", "--redis: 'host:1,password=*****' is not a Redis address: a part of it is not known; a password with a comma in it must be in a file of its own")]
    [InlineData("jobs list --redis-password-file /no/such", "--redis-password-file: /no/such: there is no such file")]
    [InlineData("replay --trace HADP --redis-key /no/such", "--redis-key: /no/such: there is no certificate for it")]
    [InlineData("instances list --redis-ca /no/such", "--redis-ca: /no/such: there is no such file")]
    [InlineData("chaos --job j --redis-certificate /no/such", "--redis-certificate: /no/such: there is no such file")]
    [InlineData("jobs submit /no/such/job.yaml", "'/no/such/job.yaml' cannot be read: ")]
    [InlineData("jobs submit - --set steps", "--set: 'steps' is not valid; it must be a path and a value, like training.steps=50.")]
    [InlineData("jobs submit -", "standard input: the document is not valid: it is empty; it must have fields such as name")]
    [InlineData("jobs report j --out /no/such/folder/r.html", "--out: the folder '/no/such/folder' does not exist; it must be one that does.")]
    [InlineData("completion csh", "'csh' is not a verb of 'parcae completion'; it must be one of bash, zsh, fish, pwsh.")]
    public async Task Wrong_usage_says_what_was_wrong_and_exits_with_2(string line, string message)
    {
        var (code, output, error) = await CommandRun.RunAsync(line);
        Assert.Equal(2, code);
        Assert.Contains(message, error);
        Assert.DoesNotContain("   at ", error);
        Assert.Equal("", output);
    }

    [Fact]
    public async Task Help_lists_every_verb_with_one_line()
    {
        var (code, output, error) = await CommandRun.RunAsync("--help");
        Assert.Equal((0, ""), (code, error));
        string[] verbs = output[output.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
        Assert.Equal(
            ["demo", "jobs", "instances", "replay", "chaos", "simulate", "forecast", "plan", "profile", "trace", "completion"],
            verbs.Where(l => l.Trim().Length > 0).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]));
    }

    [Theory]
    [InlineData("demo", "parcae demo --verify")]
    [InlineData("simulate", "parcae simulate --all --markdown")]
    [InlineData("forecast", "parcae forecast --trace bursts:7,capacity=64 --look-ahead 6 --json")]
    [InlineData("plan", "parcae plan --profile gpt-1.5b --available 24")]
    [InlineData("chaos", "parcae chaos --job 3f2a --seed 7 --faults 30")]
    [InlineData("replay", "parcae replay --trace HADP --seed 7")]
    [InlineData("jobs submit", "parcae jobs submit job.yaml")]
    [InlineData("jobs watch", "parcae jobs watch 3f2a")]
    [InlineData("completion", "parcae completion bash")]
    [InlineData("jobs export", "parcae jobs export 3f2a --checkpoints run/checkpoints --out model")]
    [InlineData("jobs generate", "parcae jobs generate 3f2a --checkpoints run/checkpoints")]
    [InlineData("profile", "parcae profile --model gpt2 --batch 8 --micro-batches 8")]
    [InlineData("trace", "A trace says how many instances there were")]
    [InlineData("trace inspect", "parcae trace inspect aws-p3")]
    [InlineData("trace convert", "--from 480 --to 540 --seed 7")]
    [InlineData("trace generate", "parcae trace generate bursts")]
    public async Task Help_of_a_verb_has_examples_and_fits_80_columns(string verb, string text)
    {
        var (code, output, error) = await CommandRun.RunAsync($"{verb} --help");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains(text, output, StringComparison.Ordinal);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 80));
    }

    [Fact]
    public async Task Help_of_replay_lists_its_options_with_what_they_are_by_default()
    {
        var (_, output, _) = await CommandRun.RunAsync("replay --help");
        string[] options = [.. output.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith("--", StringComparison.Ordinal)).Select(l => l.Split("  ")[0])];
        Assert.Equal(
            [
                "--trace <NAME|FILE|KIND:SEED>", "--plan <FILE>", "--policy <NAME>", "--fit <HOW>", "--interval <SECONDS>", "--grace <SECONDS>", "--unannounced <X>", "--seed <N>", "--fleet <NAME>",
                "--job <ID>", "--report <FILE>", "--redis <HOST:PORT>", "--redis-password-file <FILE>", "--redis-ca <FILE>", "--redis-certificate <FILE>", "--redis-key <FILE>",
                "--cluster-id <ID>", "--service-id <ID>", "--tls-certificate <FILE>", "--tls-key <FILE>", "--tls-authority <FILE>", "--timeout <SECONDS>", "--json", "--from <N>", "--to <N>",
            ],
            options);
        string text = string.Join(' ', output.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries));
        foreach (string said in (string[])["[default: scale]", "[default: 0.2]", "[default: 1]", "[default: parcae-replay.html]", "--allow-replay true"]) Assert.Contains(said, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Paragraphs_are_wrapped_between_words()
    {
        Assert.Equal(["one two", "three", "incomprehensible", "four"], VerbHelp.Wrap("one two three incomprehensible four", 8));
        Assert.Empty(VerbHelp.Wrap("", 8));
    }

    [Fact]
    public async Task Help_goes_to_standard_output_and_exits_with_0()
    {
        var (code, output, error) = await CommandRun.RunAsync("demo --help");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("at least two do", output.ReplaceLineEndings(" "));
    }

    [Fact]
    public async Task A_busy_redis_port_is_a_failure_that_names_the_port()
    {
        using var busy = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        busy.Start();
        int port = ((System.Net.IPEndPoint)busy.LocalEndpoint).Port;
        var (code, _, error) = await CommandRun.RunAsync($"demo --silo {typeof(CommandLineTests).Assembly.Location} --redis-port {port}");
        Assert.Equal(1, code);
        Assert.Contains($"--redis-port: port {port} of 127.0.0.1 is in use; name a free one, or leave the option out.", error);
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_a_failure_without_a_stack_trace()
    {
        var (code, output, error) = await CommandRun.RunAsync("jobs list --redis 127.0.0.1:1 --timeout 500ms");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("No Parcae service was found at Redis 127.0.0.1:1", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public async Task A_store_that_cannot_start_fails_the_demo_with_its_log_and_keeps_the_folder_that_was_given()
    {
        string folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;
        try
        {
            // Not a program: the host says so and ends at once.
            string silo = Path.Combine(folder, "Parcae.Silo.dll");
            await File.WriteAllTextAsync(silo, "nothing", TestContext.Current.CancellationToken);
            var (code, output, error) = await CommandRun.RunAsync($"demo --json --silo {silo} --folder {Path.Combine(folder, "run")}");
            Assert.Equal((1, ""), (code, output));
            Assert.Contains("'store' ended with exit code", error);
            Assert.True(File.Exists(Path.Combine(folder, "run", "logs", "store.log")));
            Assert.Contains($"Logs and data are in {Path.Combine(folder, "run")}", error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("3", 3)]
    [InlineData("3s", 3)]
    [InlineData("500ms", 0.5)]
    [InlineData("2m", 120)]
    [InlineData("0.25", 0.25)]
    public void Spans_are_seconds_unless_they_say_otherwise(string text, double seconds)
    {
        Assert.True(Values.TryParseSpan(text, out var span));
        Assert.Equal(seconds, span.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-3")]
    [InlineData("1e400")]
    [InlineData("NaN")]
    public void What_is_no_span_is_refused(string text) => Assert.False(Values.TryParseSpan(text, out _));
}
