using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Liveput.Traces;
using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Cli.Traces;

/// <summary><c>parcae trace generate KIND</c>: a synthetic trace. The kinds and their options are those of the library.</summary>
internal static class GenerateCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Verb(
            "generate", "Generates a trace from a seed.", "The same options and seed give the same trace everywhere. Wherever a trace is asked for, its name will do as well.",
            "parcae trace generate bursts --seed 7 --capacity 64 --out bursts.json",
            "parcae trace inspect bursts:7,capacity=64");
        foreach (var kind in SyntheticSpec.Kinds) command.Subcommands.Add(Kind(context, kind));
        return command;
    }

    private static Command Kind(CommandContext context, SyntheticOptions kind)
    {
        var seed = Values.Int("--seed", "Fixes every draw.", 1, 0, int.MaxValue);
        var path = new Option<string>("--out") { Description = "The file to write, over what is there; - is standard output.", HelpName = "FILE", DefaultValueFactory = _ => TraceOutput.Standard };
        var output = new TraceOutput();
        var command = new Command(kind.Kind, kind.Description) { seed, path };
        output.AddTo(command);
        var parameters = SyntheticParameter.Of(kind).Select(p => (Parameter: p, Value: Option(command, kind, p))).ToArray();
        command.SetAction(parsed =>
        {
            string file = parsed.GetValue(path)!;
            var format = output.FormatFor(parsed, file);
            var options = parameters.Aggregate(kind, (o, p) => p.Parameter.With(o, p.Value(parsed)));
            return output.Write(parsed, context, file, format, Generate(options, (ulong)parsed.GetValue(seed)), null);
        });
        return command;
    }

    /// <summary>Adds the option of a parameter; gives what reads its value.</summary>
    private static Func<ParseResult, double> Option(Command command, SyntheticOptions kind, SyntheticParameter p)
    {
        if (p.IsWhole)
        {
            var whole = Values.Int($"--{p.Name}", p.Description, (int)p.Get(kind), (int)p.Least, (int)p.Most);
            command.Options.Add(whole);
            return parsed => parsed.GetValue(whole);
        }

        var number = Values.Double($"--{p.Name}", p.Description, p.Get(kind), p.Least, p.Most);
        command.Options.Add(number);
        return parsed => parsed.GetValue(number);
    }

    private static AvailabilityTrace Generate(SyntheticOptions options, ulong seed)
    {
        try
        {
            return SyntheticTrace.Generate(options, seed);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--{e.Message}");
        }
    }
}
