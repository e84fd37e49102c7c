import time
from tests.workflows.stories import *
from tests.workflows import records
async def test_x(house):
    t=time.time()
    deal = await whole_life(house)
    print("T",time.time()-t)
    st=await deal.ended()
    for a in st.audit: print(a.at, a.actor, a.what, a.detail)
    print(st.stage, st.outcome, st.term, len(house.faults.calls))
    import collections
    print(collections.Counter(n for n,_ in house.faults.calls))
    records.assert_sound(house.settings.home)
