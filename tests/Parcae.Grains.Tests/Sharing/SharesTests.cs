using Parcae.Grains.Fleet.Sharing;

namespace Parcae.Grains.Tests.Sharing;

public sealed class SharesTests
{
    private static readonly double[] Linear = [.. Enumerable.Range(0, 101).Select(n => (double)n)];

    private readonly Dictionary<string, int> _held = [], _quotas = [];

    [Fact]
    public void One_job_gets_all_there_is_up_to_its_most()
    {
        Assert.Equal([10], Divide(10, Job("a")));
        Assert.Equal([4], Divide(10, Job("a") with { Most = 4 }));
        Assert.Equal([0], Divide(0, Job("a")));
    }

    [Fact]
    public void Equals_share_evenly_and_the_older_one_has_the_odd_instance()
    {
        Assert.Equal([5, 5], Divide(10, Job("a"), Job("b")));
        Assert.Equal([4, 3], Divide(7, Job("a"), Job("b")));
        Assert.Equal([1, 0], Divide(1, Job("a"), Job("b")));
    }

    [Fact]
    public void Twice_the_weight_is_twice_the_instances_where_they_are_worth_as_much() =>
        Assert.Equal([8, 4], Divide(12, Job("a", weight: 2), Job("b")));

    [Fact]
    public void A_higher_priority_takes_all_it_can_use_and_leaves_the_rest()
    {
        double[] six = [0, 1, 2, 3, 4, 5, 6];
        Assert.Equal([6, 4], Divide(10, Job("a", priority: 1, worth: six), Job("b")));
        Assert.Equal([10, 0], Divide(10, Job("a", priority: 1), Job("b")));
    }

    [Fact]
    public void Instances_go_where_a_further_one_adds_most()
    {
        // One model stops growing at two instances, pays for pairs only; the other grows by halves.
        double[] flat = [0, 10, 20, 20.1, 20.2, 20.3, 20.4, 20.5, 20.6];
        double[] pairs = [0, 0, 4, 4, 8, 8, 12, 12, 16];
        Assert.Equal([2, 6], Divide(8, Job("flat", worth: flat), Job("pairs", worth: pairs, least: 2)));
        // An odd one is of no use to the pairs: it is somebody's spare.
        Assert.Equal([3, 4], Divide(7, Job("flat", worth: flat), Job("pairs", worth: pairs, least: 2)));
    }

    [Fact]
    public void Who_cannot_have_its_least_has_none_and_the_others_use_it()
    {
        Assert.Equal([5, 0], Divide(5, Job("a") with { Least = 4 }, Job("b") with { Least = 2 }));
        Assert.Equal([4, 2], Divide(6, Job("a") with { Least = 4 }, Job("b") with { Least = 2 }));
        Assert.Equal([0, 3], Divide(3, Job("a") with { Least = 4 }, Job("b") with { Least = 2 }));
        Assert.Equal([0, 5], Divide(5, Job("a") with { Least = int.MaxValue }, Job("b")));
    }

    [Fact]
    public void Users_minimum_counts_where_it_is_more_than_the_smallest_plan() =>
        Assert.Equal([0, 5], Divide(5, Job("a") with { Sharing = new SharingSpec { MinInstances = 6 }, Least = 2 }, Job("b")));

    [Fact]
    public void A_submitters_jobs_together_keep_to_the_quota()
    {
        _quotas["ann"] = 5;
        Assert.Equal([3, 2, 5], Divide(10, Job("a", submitter: "ann"), Job("b", submitter: "ann"), Job("c", submitter: "bob")));
        Assert.Equal([5, 0, 5], Divide(10, Job("a", submitter: "ann", priority: 5), Job("b", submitter: "ann"), Job("c")));
        var claims = new[] { Job("a", submitter: "ann"), Job("c") };
        Assert.Equal("the jobs of 'ann' hold the 5 instances of their quota", Shares.Reason(claims, new Dictionary<string, int> { ["a"] = 5, ["c"] = 5 }, "a", 10, _quotas));
    }

    [Fact]
    public void What_a_job_holds_is_not_taken_for_a_small_gain()
    {
        (_held["a"], _held["b"]) = (3, 4);
        Assert.Equal([3, 4], Divide(7, Job("a"), Job("b")));
        (_held["a"], _held["b"]) = (2, 5);
        Assert.Equal([3, 4], Divide(7, Job("a"), Job("b")));
    }

    [Fact]
    public void A_job_whose_state_is_only_on_its_instances_keeps_its_least_whoever_comes()
    {
        _held["a"] = 6;
        Assert.Equal([2, 4], Divide(6, Job("a") with { Rooted = true, Least = 2 }, Job("b", priority: 9)));
        Assert.Equal([6, 0], Divide(6, Job("a") with { Rooted = true, Least = 6, Idle = true }, Job("b", priority: 9)));
    }

    [Fact]
    public void An_idle_job_keeps_only_what_nobody_else_can_use()
    {
        _held["a"] = 6;
        Assert.Equal([0, 6], Divide(6, Job("a") with { Idle = true }, Job("b")));
        Assert.Equal([4, 2], Divide(6, Job("a") with { Idle = true }, Job("b") with { Most = 2 }));
        Assert.Equal([6], Divide(6, Job("a") with { Idle = true }));
    }

    [Fact]
    public void Never_more_than_there_are_and_never_past_a_limit_whatever_is_claimed()
    {
        var random = new Random(3);
        for (int round = 0; round < 500; round++)
        {
            _held.Clear();
            _quotas.Clear();
            _quotas["s0"] = random.Next(0, 20);
            int instances = random.Next(0, 40);
            var jobs = Enumerable.Range(0, random.Next(1, 7)).Select(i =>
            {
                _held[$"j{i}"] = random.Next(0, 10);
                double sum = 0;
                return Job($"j{i}", random.NextDouble() + 0.1, random.Next(-2, 3), worth: [.. Enumerable.Range(0, random.Next(1, 50)).Select(n => n == 0 ? 0 : sum += random.Next(3))], submitter: $"s{random.Next(3)}") with
                {
                    Least = random.Next(1, 9),
                    Most = random.Next(9, 30),
                };
            }).ToArray();
            int[] shares = Divide(instances, jobs);
            Assert.True(shares.Sum() <= instances);
            Assert.All(shares.Zip(jobs), s => Assert.InRange(s.First, 0, s.Second.Most));
            Assert.True(shares.Zip(jobs).Where(s => s.Second.Sharing.Submitter == "s0").Sum(s => s.First) <= _quotas["s0"]);
            // Where there is no quota in the way, nothing lies about.
            if (jobs.All(j => j.Sharing.Submitter != "s0")) Assert.Equal(Math.Min(instances, jobs.Sum(j => j.Most)), shares.Sum());
        }
    }

    [Fact]
    public void A_thousand_instances_are_divided_in_milliseconds()
    {
        double[] worth = [.. Enumerable.Range(0, 1001).Select(n => Math.Sqrt(n))];
        var jobs = Enumerable.Range(0, 10).Select(i => Job($"j{i}", worth: worth)).ToArray();
        // The quickest of some: the machine may do something else meanwhile.
        var times = Enumerable.Range(0, 5).Select(_ =>
        {
            long begin = System.Diagnostics.Stopwatch.GetTimestamp();
            Assert.All(Divide(1000, jobs), share => Assert.Equal(100, share));
            return System.Diagnostics.Stopwatch.GetElapsedTime(begin);
        }).ToArray();
        Assert.True(times.Min() < TimeSpan.FromSeconds(1), $"{times.Min().TotalMilliseconds} ms");
    }

    private static JobClaim Job(string id, double weight = 1, int priority = 0, double[]? worth = null, int least = 1, string submitter = "") => new()
    {
        JobId = id,
        Sharing = new SharingSpec { Weight = weight, Priority = priority, Submitter = submitter },
        Worth = worth ?? Linear,
        Least = least,
    };

    private int[] Divide(int instances, params JobClaim[] jobs)
    {
        var shares = Shares.Divide(jobs, instances, _held, _quotas);
        return [.. jobs.Select(j => shares[j.JobId])];
    }
}
