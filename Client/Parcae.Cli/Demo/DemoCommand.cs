using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Demo.Processes;
using Parcae.Cli.Traces;
using Parcae.Grains;

namespace Parcae.Cli.Demo;

/// <summary><c>parcae demo</c>: its options and their values.</summary>
internal static class DemoCommand
{
    private static readonly DemoOptions Default = new();

    /// <summary>The verb; runs <paramref name="run"/> with the options once they are good.</summary>
    public static Command Create(Func<DemoOptions, CancellationToken, Task<int>> run)
    {
        var instances = Values.Int("--instances", "Peak of the scaled trace: the most workers at a time.", Default.Instances, 2, 64);
        var interval = Values.Seconds("--interval", $"Length of one interval of the trace: 3, 3s, 500ms. Default: {Default.Interval.TotalSeconds}.",
            TimeSpan.FromMilliseconds(500), TimeSpan.FromHours(1));
        var trace = new Option<string>("--trace")
        {
            Description = $"The trace to replay: {TraceSource.Help}.",
            HelpName = TraceSource.HelpName,
            DefaultValueFactory = _ => Default.Trace,
        };
        var unannounced = Values.Double("--unannounced",
            "Share of the losses that come without notice. Above 0 at least two do, where the trace has that many, so that a short replay shows both paths.",
            Default.Unannounced, 0, 1);
        var chaos = Values.Int("--chaos",
            "Faults at named points of the worker processes and the state vault, besides the trace's losses: kills, hangs, cut and slow connections, flipped bits.", Default.Chaos, 0, 1000);
        var seed = Values.Int("--seed", "Fixes every draw: which instances are lost, which without notice and when, which faults strike; and the training.", Default.Seed, 0, int.MaxValue);
        var data = new Option<string[]>("--data")
        {
            Description = "Text files or folders to train on. Default: the API documentation of the .NET SDK.",
            HelpName = "PATH",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var blocks = Values.Int("--blocks", "Transformer blocks.", Default.Model.Blocks, 1, 1000);
        var hidden = Values.Int("--hidden", "Width of the model.", Default.Model.Hidden, 8, 65536);
        var heads = Values.Int("--heads", "Attention heads; divides --hidden.", Default.Model.Heads, 1, 65536);
        var sequence = Values.Int("--sequence", "Tokens of a sample.", Default.Model.SequenceLength, 2, 65536);
        var batch = Values.Int("--batch", "Samples of a step; a multiple of --micro-batches.", Default.Batch, 1, 1 << 20);
        var microBatches = Values.Int("--micro-batches", "Micro-batches of a step.", Default.MicroBatches, 1, 4096);
        var steps = Values.OptionalInt("--steps", "Stop after so many steps. Default: when the trace ends.", 1, 100_000_000);
        var verify = new Option<bool>("--verify") { Description = "Run the same job undisturbed on one worker afterwards; every loss must be the same, bit for bit." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document on standard output and nothing else." };
        var folder = new Option<string?>("--folder") { Description = "Working folder, kept afterwards. Default: a temporary one.", HelpName = "DIR" };
        var resume = new Option<string?>("--resume")
        {
            Description = "Go on with a demo that was stopped: its --folder. The job continues from its last checkpoint, the trace where it was.",
            HelpName = "DIR",
        };
        var report = new Option<string>("--report") { Description = "Where the HTML report goes.", HelpName = "FILE", DefaultValueFactory = _ => Default.Report };
        var redisPort = Values.OptionalInt("--redis-port", "Port of the embedded store. Default: any free one.", 1, 65535);
        var keep = new Option<bool>("--keep") { Description = "Keep the working folder even when all went well." };
        var silo = new Option<string?>("--silo")
        {
            Description = $"Path of Parcae.Silo.dll. Default: ${SiloLocator.Variable}, else the one that was built or installed with the command.",
            HelpName = "FILE",
        };

        var command = new Verb(
            "demo", "Trains a GPT on this machine while a spot trace is acted out.",
            "It starts an embedded store, a control silo and worker processes, trains a GPT on real text while a real spot trace is replayed onto the workers (notices, then kills), and writes a report.",
            "parcae demo", "parcae demo --verify --unannounced 0.5 --seed 3 --json", "parcae demo --chaos 10 --verify", "parcae demo --folder run", "parcae demo --resume run")
        {
            instances, interval, trace, unannounced, chaos, seed, steps, verify, data, blocks, hidden, heads, sequence, batch, microBatches,
            report, json, folder, resume, keep, redisPort, silo,
        };
        Option[] settled = [instances, interval, trace, unannounced, chaos, seed, steps, data, blocks, hidden, heads, sequence, batch, microBatches, folder];
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(resume) is not { } root) return;
            foreach (var option in settled.Where(o => parsed.GetResult(o) is { Implicit: false }))
                parsed.AddError($"{option.Name}: not with --resume; the demo in '{root}' goes on with its own.");
        });
        command.SetAction((parsed, cancellation) => run(
            new DemoOptions
            {
                Instances = parsed.GetValue(instances),
                Interval = parsed.GetValue(interval) ?? Default.Interval,
                Trace = parsed.GetValue(trace)!,
                Unannounced = parsed.GetValue(unannounced),
                Chaos = parsed.GetValue(chaos),
                Seed = parsed.GetValue(seed),
                Data = parsed.GetValue(data) ?? [],
                Model = new ModelSpec
                {
                    Blocks = parsed.GetValue(blocks),
                    Hidden = parsed.GetValue(hidden),
                    Heads = parsed.GetValue(heads),
                    SequenceLength = parsed.GetValue(sequence),
                },
                Batch = parsed.GetValue(batch),
                MicroBatches = parsed.GetValue(microBatches),
                Steps = parsed.GetValue(steps),
                Verify = parsed.GetValue(verify),
                Json = parsed.GetValue(json),
                Folder = parsed.GetValue(folder),
                Resume = parsed.GetValue(resume),
                Report = parsed.GetValue(report)!,
                RedisPort = parsed.GetValue(redisPort),
                Keep = parsed.GetValue(keep),
                Silo = parsed.GetValue(silo),
            },
            cancellation));
        return command;
    }

    /// <summary>Checks what the options mean together.</summary>
    /// <exception cref="UsageException">Something is wrong; all of it is named.</exception>
    public static void Validate(DemoOptions options)
    {
        var problems = new List<string>();
        if (options.Model.Hidden % options.Model.Heads != 0)
            problems.Add($"--heads: {options.Model.Heads} is not valid; it must be a divisor of --hidden ({options.Model.Hidden}).");
        if (options.Batch % options.MicroBatches != 0)
            problems.Add($"--batch: {options.Batch} is not valid; it must be a multiple of --micro-batches ({options.MicroBatches}).");
        foreach (string path in options.Data)
        {
            if (!File.Exists(path) && !Directory.Exists(path)) problems.Add($"--data: '{path}' does not exist; it must be a text file or a folder of text files.");
        }

        string reportFolder = Path.GetDirectoryName(Path.GetFullPath(options.Report)) ?? ".";
        if (!Directory.Exists(reportFolder)) problems.Add($"--report: the folder '{reportFolder}' does not exist; it must be one that does.");
        if (Directory.Exists(options.Report)) problems.Add($"--report: '{options.Report}' is a folder; it must be a file, like {Default.Report}.");
        if (problems.Count > 0) throw new UsageException(string.Join(Environment.NewLine, problems));
    }
}
