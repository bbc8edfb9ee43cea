using Parcae.Cli.Live;
using Spectre.Console;

namespace Parcae.Client.Tests.Live;

public sealed class ProgressBarsTests
{
    [Fact]
    public async Task Nothing_is_drawn_after_work_that_was_done_at_once()
    {
        var writers = Enumerable.Range(0, 4000).Select(_ => new Writer()).ToArray();
        // More at a time than there are cores: a thread that is started does not run at once.
        await Parallel.ForEachAsync(writers, new ParallelOptions { MaxDegreeOfParallelism = 8 * Environment.ProcessorCount }, async (writer, _) =>
        {
            Assert.Equal(7, Bars(writer).Show(bars => Work(bars, 7)));
            Assert.Equal(8, await Bars(writer).ShowAsync(bars => Task.FromResult(Work(bars, 8))));
            writer.Dispose();
        });

        // Three times as long as it takes until bars are drawn again.
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.Equal(0, writers.Sum(writer => writer.After));
    }

    [Fact]
    public async Task Bars_are_drawn_again_while_the_work_goes_on()
    {
        using var writer = new Writer();
        await Bars(writer).ShowAsync(async bars =>
        {
            var bar = bars.AddTask("working", maxValue: 4);
            foreach (int done in (int[])[1, 3])
            {
                bar.Value = done;
                await writer.Wrote($"{25 * done}%").WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
            }

            return 0;
        });
    }

    private static int Work(ProgressContext bars, int result)
    {
        bars.AddTask("working").Value = 100;
        return result;
    }

    private static Progress Bars(Writer writer) => AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(writer) }).Progress();

    /// <summary>Counts what is written after it was disposed of.</summary>
    private sealed class Writer : StringWriter
    {
        private readonly Lock _lock = new();
        private readonly List<(string Words, TaskCompletionSource Seen)> _waiting = [];
        private bool _ended;

        public int After { get; private set; }

        public Task Wrote(string words)
        {
            lock (_lock)
            {
                var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting.Add((words, seen));
                return seen.Task;
            }
        }

        public override void Write(string? value)
        {
            lock (_lock)
            {
                if (_ended) After++;
                foreach (var (words, seen) in _waiting) if (value?.Contains(words, StringComparison.Ordinal) == true) seen.TrySetResult();
            }
        }

        protected override void Dispose(bool disposing)
        {
            lock (_lock) _ended = true;
            base.Dispose(disposing);
        }
    }
}
