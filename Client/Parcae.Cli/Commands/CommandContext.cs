using Parcae.Client;

using Spectre.Console;

namespace Parcae.Cli.Commands;

/// <summary>What a command runs in: where it writes, and whether a person sits in front of it.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="IsTerminal">Whether standard output is a terminal that can be drawn on.</param>
internal sealed record CommandContext(TextWriter Output, TextWriter Error, bool IsTerminal)
{
    /// <summary>Signals of the process; null in tests.</summary>
    public Interruption? Interruption { get; init; }

    /// <summary>Where a person answers questions; null: nobody can be asked.</summary>
    public TextReader? Answers { get; init; }

    /// <summary>Standard input.</summary>
    public TextReader Input { get; init; } = TextReader.Null;

    /// <summary>Finds the service.</summary>
    public Func<ParcaeClientOptions, CancellationToken, Task<IParcaeClient>> Connect { get; init; } =
        async (options, cancellation) => await ParcaeClient.ConnectAsync(options, cancellation).ConfigureAwait(false);

    /// <summary>The process's own.</summary>
    public static CommandContext OfProcess(Interruption interruption)
    {
        bool dumb = Environment.GetEnvironmentVariable("TERM") is "dumb";
        return new CommandContext(Console.Out, Console.Error, !Console.IsOutputRedirected && !dumb)
        {
            Interruption = interruption,
            Input = Console.In,
            Answers = Console.IsInputRedirected || Console.IsOutputRedirected ? null : Console.In,
        };
    }

    /// <summary>A console over <see cref="Output"/>: colours only on a terminal without <c>NO_COLOR</c>, no width limit elsewhere.</summary>
    public IAnsiConsole CreateConsole()
    {
        bool colour = IsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = IsTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(Output),
        });
        if (!IsTerminal) console.Profile.Width = 160;
        return console;
    }
}
